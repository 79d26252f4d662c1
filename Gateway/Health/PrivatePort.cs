namespace Orchestrator.Gateway.Health;

/// <summary>
/// Endpoints for operators only, on a port of its own (setting <c>PrivatePort</c>) that is not let through to the public. The
/// port that a connection came in by is the one thing about it that neither a client nor a proxy can claim: a Host header, a
/// forwarded address or a proxy on the same machine would pass for something else.
/// </summary>
public static class PrivatePort
{
    /// <summary>On any other port, and where no private one is set, the address is not there.</summary>
    public static TBuilder OnPrivatePort<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.AddEndpointFilter(async (call, next) => IsPrivate(call.HttpContext) ? await next(call) : Problems.OfStatus(StatusCodes.Status404NotFound));

    private static bool IsPrivate(HttpContext context) =>
        GatewayConfiguration.PrivatePort(context.RequestServices.GetRequiredService<IConfiguration>()) is { } port && context.Connection.LocalPort == port;
}
