using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>Who asks the REST surface of the Realtime API, and about which of its calls.</summary>
internal sealed class OpenAICallers(AccessControl access, RefusalThrottle throttle, ISessionQueries queries)
{
    /// <summary>The holder of a live API key, or why it is none.</summary>
    public async Task<(Caller? Caller, OpenAIError? Refused)> FindAsync(HttpContext context, string? credential)
    {
        var identity = await access.IdentifyAsync(credential, context.RequestAborted);
        if (access.WhyRefusedApi(identity) is { } code)
            return (null, Refuse(context, credential, OpenAIError.Of(code)));
        return identity.Caller is { Credential: Credential.ApiKey } caller ? (caller, null) : (null, Refuse(context, credential, OpenAIError.KeyNeeded));
    }

    /// <summary>Counts a refusal: who is refused again and again is told so briefly.</summary>
    public OpenAIError Refuse(HttpContext context, string? credential, OpenAIError refusal) =>
        throttle.TryBePolite(Source.Of(context, credential)) ? refusal : OpenAIError.TooManyRefusals;

    /// <summary>The session of a call, as far as the caller may see it; what is not its own is not there.</summary>
    public async Task<SessionRow?> CallAsync(Caller caller, CallSurface surface, string? callId, CancellationToken cancellationToken) =>
        surface.TryParse(callId, out var session)
        && await queries.FindAsync(caller.Tenant.Id, session, cancellationToken) is { } row && row.Dialect == surface.Dialect ? row : null;
}
