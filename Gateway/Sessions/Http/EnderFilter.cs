using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Who may end a session: whoever may use the API, and the client token that opened it over HTTP.</summary>
internal sealed class EnderFilter(AccessControl access, RefusalThrottle throttle, SessionCalls calls, SessionEnding ending) : IEndpointFilter
{
    private readonly ApiCallerFilter _callers = new(access, throttle);

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var identity = await access.IdentifyAsync(AccessControl.CredentialOf(http.Request), http.RequestAborted);
        if (identity.Caller?.Credential is not Credential.ClientToken
            || await calls.FindAsync(http, http.GetRouteValue("id")?.ToString() ?? "", form: null) is not ({ } call, _))
        {
            return await _callers.InvokeAsync(context, next);
        }

        return await ending.EndAsync(call, http.RequestAborted) is { EndedAt: null } ? TypedResults.Accepted((string?)null) : TypedResults.NoContent();
    }
}
