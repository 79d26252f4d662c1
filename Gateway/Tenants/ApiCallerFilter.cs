using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Lets only holders of a live API key through to the HTTP API, and tells its handlers who they are.</summary>
internal sealed class ApiCallerFilter(AccessControl access, RefusalThrottle throttle) : IEndpointFilter
{
    private static readonly object Key = new();

    /// <summary>Who calls, once the filter has let them through.</summary>
    public static Caller CallerOf(HttpContext context) => (Caller)context.Items[Key]!;

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var credential = AccessControl.CredentialOf(http.Request);
        var identity = await access.IdentifyAsync(credential, http.RequestAborted);
        if (access.WhyRefusedApi(identity) is { } refused)
            return Refuse(http, Problems.Refused(refused), credential);
        var caller = identity.Caller!;
        if (caller.Credential is not Credential.ApiKey)
            return Refuse(http, Problems.TokenNotAllowed, credential);

        http.Items[Key] = caller;
        return await next(context);
    }

    private IResult Refuse(HttpContext context, IResult refusal, string? credential)
    {
        var address = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        if (throttle.TryBePolite(address, AccessControl.FingerprintOf(credential)))
            return refusal;
        return Problems.TooManyRefusals(context);
    }
}
