using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>Calls of the Realtime API: an SDP, alone or with settings, is answered by an SDP and a <c>Location</c>.</summary>
internal sealed class RealtimeSurface : CallSurface
{
    /// <summary>The one there is.</summary>
    public static RealtimeSurface Instance { get; } = new();

    /// <inheritdoc/>
    public override string Dialect => OpenAIDialect.Family;

    /// <inheritdoc/>
    protected override string Prefix => "rtc_";

    /// <inheritdoc/>
    public override Task<(OpenAIOfferBody? Body, OpenAIError? Error)> ReadAsync(HttpRequest request) => OpenAIOfferBody.ReadAsync(request);

    /// <inheritdoc/>
    public override IResult Answer(HttpResponse response, SessionId session, string sdp, string model)
    {
        response.Headers.Location = $"/v1/realtime/calls/{NameOf(session)}";
        return TypedResults.Text(sdp, "application/sdp", statusCode: StatusCodes.Status201Created);
    }

    /// <inheritdoc/>
    public override byte[] Hello(string eventId, SessionRow session) => OpenAIMessages.SessionCreated(eventId, $"sess_{session.Id}", session.Model);
}
