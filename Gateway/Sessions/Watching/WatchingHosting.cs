using Orchestrator.Gateway.Sessions.Http;

namespace Orchestrator.Gateway.Sessions.Watching;

/// <summary>Watching at the provider as something to add to a gateway.</summary>
internal static class WatchingHosting
{
    /// <summary>Adds what serves watchers.</summary>
    public static IServiceCollection AddWatching(this IServiceCollection services)
    {
        services.AddOptions<WatcherOptions>().BindConfiguration("Watchers").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<WatcherPlaces>();
        services.AddSingleton<WatchAccess>();
        services.AddSingleton<WatchedSessions>();
        services.AddSingleton<SubscribeEndpoint>();
        services.AddSingleton<WatchStreamApi>();
        return services;
    }

    /// <summary>Maps the endpoints, which are where the provider's SDKs look for them: beside <c>/v1</c>.</summary>
    public static void MapWatching(this IEndpointRouteBuilder routes)
    {
        var subscribing = routes.ServiceProvider.GetRequiredService<SubscribeEndpoint>();
        var rooms = routes.ServiceProvider.GetRequiredService<WatchStreamApi>();
        routes.MapGet(SubscribeEndpoint.Path, (string session, HttpContext context) => subscribing.HandleAsync(context, session)).ExcludeFromDescription();
        routes.MapPost(WatchStreamApi.Path, (string room, HttpContext context) => rooms.JoinAsync(context, room))
            .AddEndpointFilter<BrowserAccess>().ExcludeFromDescription();
        BrowserAccess.MapOptions(routes, WatchStreamApi.Path, "POST, OPTIONS");
    }
}
