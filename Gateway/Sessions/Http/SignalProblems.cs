using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Refusals of requests about sessions over HTTP, each with its stable code.</summary>
internal static class SignalProblems
{
    /// <summary>The session is over.</summary>
    public static ProblemHttpResult Gone => Problems.Of(StatusCodes.Status410Gone, "session_ended", "This session is over.");

    /// <summary>Its client has a socket of its own.</summary>
    public static ProblemHttpResult NotHttp => Problems.Of(
        StatusCodes.Status409Conflict, "not_an_http_session", "The client of this session speaks through its WebSocket; only a session that was opened over HTTP takes this.");

    /// <summary>The session was opened in another form.</summary>
    public static ProblemHttpResult WrongCredential => Problems.Of(
        StatusCodes.Status401Unauthorized, "not_the_opener", "Unauthorized: only the credential that opened this session may use it.");

    /// <summary>The request does not say which candidates it adds to.</summary>
    public static ProblemHttpResult TagRequired => Problems.Of(
        StatusCodes.Status428PreconditionRequired, "condition_required", "Say with If-Match which entity tag this is about: the one of the last answer.");

    /// <summary>It names another tag.</summary>
    public static ProblemHttpResult TagStale => Problems.Of(StatusCodes.Status412PreconditionFailed, "condition_failed", "That entity tag does not count any more, or never did.");

    /// <summary>It wants to begin anew.</summary>
    public static ProblemHttpResult NoRestart => Problems.Of(
        StatusCodes.Status422UnprocessableEntity, "ice_restart_unsupported", "ICE is not restarted on a session; open another.");

    /// <summary>It belongs to no generation that there is.</summary>
    public static ProblemHttpResult OtherGeneration => Problems.Of(
        StatusCodes.Status422UnprocessableEntity, "ice_generation_unknown", "These candidates belong to another ICE generation than the offer.");

    /// <summary>No SDP fragment.</summary>
    public static ProblemHttpResult BadFragment => Problems.Of(StatusCodes.Status400BadRequest, "invalid_fragment", "The body is no SDP fragment, or says more than one may.");

    /// <summary>No offer.</summary>
    public static ProblemHttpResult BadOffer => Problems.Of(
        StatusCodes.Status422UnprocessableEntity, "invalid_offer", "The body is no session description with a medium that the client sends.");

    /// <summary>Not JSON.</summary>
    public static ProblemHttpResult NotJson => Problems.OfStatus(StatusCodes.Status415UnsupportedMediaType);

    /// <summary>The provider of the model has no word for that.</summary>
    public static ProblemHttpResult NoWord(string what) => Problems.Of(
        StatusCodes.Status422UnprocessableEntity, "not_supported", $"This model takes no {what} over its control channel.");

    /// <summary>Another type than the endpoint reads.</summary>
    public static ProblemHttpResult WrongType(HttpContext context, string wanted)
    {
        context.Response.Headers["Accept-Post"] = wanted;
        return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", $"This address reads {wanted}.");
    }

    /// <summary>The provider did not take it.</summary>
    public static ProblemHttpResult Declined(string? reason) => TypedResults.Problem(
        statusCode: StatusCodes.Status422UnprocessableEntity, title: "The prompt or image was not taken.", detail: reason,
        extensions: new Dictionary<string, object?> { ["code"] = "not_taken" });

    /// <summary>The offer was not taken.</summary>
    public static ProblemHttpResult OfferDeclined(string? reason) => TypedResults.Problem(
        statusCode: StatusCodes.Status422UnprocessableEntity, title: "The offer was not taken.", detail: reason,
        extensions: new Dictionary<string, object?> { ["code"] = "not_taken" });

    /// <summary>The provider says nothing.</summary>
    public static ProblemHttpResult NoAnswer => Problems.Of(StatusCodes.Status504GatewayTimeout, "no_answer", "The model did not answer in time.");

    /// <summary>Another request of the same kind is under way.</summary>
    public static ProblemHttpResult Busy(HttpContext context) => Later(
        context, StatusCodes.Status409Conflict, "busy", "Another prompt or image of this session is still being looked at.");

    /// <summary>As many streams as a session may have.</summary>
    public static ProblemHttpResult TooManyStreams(HttpContext context) => Later(
        context, StatusCodes.Status429TooManyRequests, "too_many_streams", "The events of this session are being read too often at once.");

    /// <summary>As many large bodies as are read at once.</summary>
    public static IResult TooManyBodies(HttpContext context) => Refused(context, CloseCode.ServerBusy);

    /// <summary>The provider takes no more just now.</summary>
    public static IResult Full(HttpContext context) => Refused(context, CloseCode.UpstreamStalled, StatusCodes.Status503ServiceUnavailable);

    /// <summary>The session lives in a process that cannot be asked from here.</summary>
    public static ProblemHttpResult Elsewhere(HttpContext context) => Later(
        context, StatusCodes.Status503ServiceUnavailable, "session_elsewhere", "The session is in another process; send its requests to where it was opened.");

    /// <summary>A refusal of the catalogue, in the words of whoever's client asks.</summary>
    public static IResult Refused(HttpContext context, CloseCode code) => Refused(context, code, StatusOf(code));

    private static ClientRefusal Refused(HttpContext context, CloseCode code, int status)
    {
        if (status is StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        return new ClientRefusal(code, status);
    }

    private static int StatusOf(CloseCode code) => code switch
    {
        CloseCode.InvalidCredential or CloseCode.CredentialExpired or CloseCode.CredentialRevoked => StatusCodes.Status401Unauthorized,
        CloseCode.InsufficientCredits                                                              => StatusCodes.Status402PaymentRequired,
        CloseCode.ConcurrencyExceeded                                                              => StatusCodes.Status429TooManyRequests,
        CloseCode.InvalidRequest or CloseCode.ModerationViolation                                  => StatusCodes.Status422UnprocessableEntity,
        CloseCode.MessageTooBig                                                                    => StatusCodes.Status413PayloadTooLarge,
        CloseCode.UpstreamUnavailable or CloseCode.UpstreamLost or CloseCode.UpstreamClosed or CloseCode.UpstreamStalled
            or CloseCode.ProviderError or CloseCode.ProviderRefused or CloseCode.ProviderTimeout   => StatusCodes.Status502BadGateway,
        CloseCode.InternalError                                                                    => StatusCodes.Status500InternalServerError,
        _ when code.Entry().Advice is CloseAdvice.ComeBack                                         => StatusCodes.Status503ServiceUnavailable,
        _                                                                                          => StatusCodes.Status403Forbidden,
    };

    private static ProblemHttpResult Later(HttpContext context, int status, string code, string title)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problems.Of(status, code, title);
    }
}
