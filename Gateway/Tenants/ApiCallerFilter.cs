using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Lets only holders of a live API key through to the HTTP API, and tells its handlers who they are.</summary>
internal sealed class ApiCallerFilter(AccessControl access, RefusalThrottle throttle) : IEndpointFilter
{
    /// <summary>Who calls, once the filter has let them through.</summary>
    public static Caller CallerOf(HttpContext context) => context.Features.Get<Caller>()!;

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var credential = AccessControl.CredentialOf(http.Request);
        var identity = await access.IdentifyAsync(credential, http.RequestAborted);
        if (access.WhyRefusedApi(identity) is { } refused)
            return Refuse(http, Problems.Refused(refused), credential);
        return identity.Caller!.Credential is Credential.ApiKey ? await next(context) : Refuse(http, Problems.TokenNotAllowed, credential);
    }

    private IResult Refuse(HttpContext context, IResult refusal, string? credential) =>
        throttle.TryBePolite(Source.Of(context, credential)) ? refusal : Problems.TooManyRefusals(context);
}
