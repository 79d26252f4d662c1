using System.Net;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// What a tenant's server tells a call, from whatever process: to end, which ends its session, or what is passed on to the provider with our key. Only
/// calls of our own sessions are told anything: a telephone call that reaches the provider's account by itself is nobody's here.
/// </summary>
internal sealed class CallControlApi(
    OpenAICallers callers, ISessionQueries queries, SessionRegistry registry, IGrains grains, ProviderCatalog providers, ProviderNames names, OpenAIApi api)
{
    /// <summary>What is passed on. The provider takes it for telephone calls alone, and says so for others.</summary>
    public static readonly IReadOnlyList<string> Passed = ["accept", "reject", "refer"];

    private const int MaxWords = 256;

    /// <summary>Ends the session of a call; answers once that has begun. Repeating it is harmless.</summary>
    public async Task<IResult> HangUpAsync(HttpContext context, CallSurface surface, string callId, CancellationToken cancellationToken)
    {
        var (row, refused) = await FindAsync(context, surface, callId, cancellationToken);
        if (row is null)
            return refused!;
        if (row.EndedAt is null)
        {
            await queries.RequestEndAsync(row.Id, CloseCode.EndedByTenant, cancellationToken);
            if (registry.TryGet(row.Id, out _))
                await grains.Get<ISessionGrain>(row.Id.ToString()).CloseAsync(CloseCode.EndedByTenant, cancellationToken);
        }

        return TypedResults.Ok();
    }

    /// <summary>Passes one of <see cref="Passed"/> on.</summary>
    public async Task<IResult> PassAsync(HttpContext context, CallSurface surface, string callId, string verb)
    {
        var (row, refused) = await FindAsync(context, surface, callId, context.RequestAborted);
        if (row is null)
            return refused!;
        if (row.EndedAt is not null || row.UpstreamSessionId is not { } upstream
            || !providers.TryFind(surface.Dialect, row.Model, out var provider) || provider.Name != row.Provider)
        {
            return OpenAIError.CallNotFound;
        }

        var (body, error) = await ReadAsync(context.Request);
        if (error is not null)
            return error;
        var answer = await api.TellAsync(provider, upstream, verb, body, context.RequestAborted);
        return answer.IsTaken ? TypedResults.Ok() : Refusal(answer, provider.Options.ApiKey);
    }

    private async Task<(SessionRow? Row, OpenAIError? Refused)> FindAsync(
        HttpContext context, CallSurface surface, string callId, CancellationToken cancellationToken)
    {
        var (caller, refused) = await callers.FindAsync(context, AccessControl.CredentialOf(context.Request));
        if (caller is null)
            return (null, refused);
        return await callers.CallAsync(caller, surface, callId, cancellationToken) is { } row ? (row, null) : (null, OpenAIError.CallNotFound);
    }

    /// <summary>A JSON object as it came; null for none.</summary>
    private static async Task<(string? Body, OpenAIError? Error)> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength is 0 or null && !request.Headers.ContainsKey("Transfer-Encoding"))
            return (null, null);
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, OpenAIOfferBody.Json, request.HttpContext.RequestAborted);
            return document.RootElement.ValueKind is JsonValueKind.Object
                ? (document.RootElement.GetRawText(), null)
                : (null, OpenAIError.Invalid("invalid_type", "The body must be an object."));
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, OpenAIError.TooLarge);
        }
        catch (JsonException)
        {
            return (null, OpenAIError.Invalid("invalid_json", "The body is not valid JSON."));
        }
    }

    /// <summary>What the provider says about the request, unless it says who it is; what it says about our account is not the tenant's.</summary>
    private OpenAIError Refusal(OpenAIAnswer answer, Secret ourKey)
    {
        switch (answer.Status)
        {
            case HttpStatusCode.NotFound:
                return OpenAIError.CallNotFound;
            case HttpStatusCode.TooManyRequests:
                return OpenAIError.Of(CloseCode.UpstreamFull);
            case < HttpStatusCode.BadRequest or >= HttpStatusCode.InternalServerError or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                return OpenAIError.Of(CloseCode.ProviderRefused);
        }

        const string NotTaken = "The call does not take that.";
        var (code, message) = ("invalid_request", NotTaken);
        try
        {
            var error = JsonElement.Parse(answer.Body).GetProperty("error");
            (code, message) = (error.GetProperty("code").GetString() ?? code, error.GetProperty("message").GetString() ?? message);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // In no form that we know; its status tells enough.
        }

        (code, message) = (ourKey.Redact(code), ourKey.Redact(message));
        return OpenAIError.Invalid(
            names.AreIn(code) ? "invalid_request" : Printable.Of(code, 64),
            names.AreIn(message) ? NotTaken : Printable.Of(message, MaxWords)) with { Status = (int)answer.Status };
    }
}
