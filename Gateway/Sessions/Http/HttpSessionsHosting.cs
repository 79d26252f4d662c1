namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Sessions over HTTP as something to add to a gateway.</summary>
internal static class HttpSessionsHosting
{
    /// <summary>Adds what serves them.</summary>
    public static IServiceCollection AddHttpSessions(this IServiceCollection services)
    {
        services.AddOptions<HttpSessionsOptions>().BindConfiguration("HttpSessions").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<OfferDialogue>();
        services.AddSingleton<SessionOpener>();
        services.AddSingleton<OpenedSessions>();
        services.AddSingleton<SessionCalls>();
        services.AddSingleton<SessionFrames>();
        services.AddSingleton<SessionEnding>();
        services.AddSingleton<SignalBody>();
        services.AddSingleton<SignalSender>();
        services.AddSingleton<EventTokens>();
        services.AddSingleton<EventStreams>();
        return services;
    }

    /// <summary>Maps their endpoints.</summary>
    public static void MapHttpSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapJsonSessions();
        routes.MapWhip();
        routes.MapDecartSessions();
        routes.MapQuota();
    }
}
