using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>
/// <c>GET /v1/sessions/{id}/observe?from=</c>: every frame of a session and what happens to it, as a WebSocket on which observers may
/// also steer and end it, or as a stream of server-sent events. Any process serves it, wherever the session is.
/// </summary>
internal sealed class ObserveEndpoint(
    ObserverAccess access, ObserverFeeds feeds, ObserverPlaces places, IOptions<ObserverOptions> options, IOptions<RelayOptions> relay, TimeProvider time,
    ILogger<ObserveEndpoint> logger)
{
    /// <summary>How much of what an observer is told may wait in the system.</summary>
    private const int SystemBytes = 64 * 1024;

    /// <summary>Serves one observer.</summary>
    public async Task HandleAsync(HttpContext context, string id, long from)
    {
        var (observer, row, refused) = await access.AdmitAsync(context, id, context.RequestAborted);
        if (observer is null)
        {
            await refused!.ExecuteAsync(context);
            return;
        }

        using var place = places.TryTake(observer.Session);
        if (place is null)
        {
            context.Response.Headers.RetryAfter = "5";
            await Problems.TooManyObservers.ExecuteAsync(context);
            return;
        }

        var (feed, cursor) = (feeds.Open(observer), new ObserverCursor(LastEventOf(context.Request) is { } last ? last + 1 : from));
        var page = await feed.ReadAsync(cursor.Next, context.RequestAborted);
        // A browser that has seen the end of a stream comes back for more; this answer is the one on which it stops.
        if (row!.EndedAt is not null && !page.Found)
        {
            await Problems.SessionOver.ExecuteAsync(context);
            return;
        }

        // Our own rule for readers that take nothing is by progress.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        BoundWhatWaits(context);
        var serving = context.WebSockets.IsWebSocketRequest ? ServeSocketAsync(context, observer, feed, cursor, page) : ServeStreamAsync(context, feed, cursor, page);
        await serving;
    }

    private async Task ServeSocketAsync(HttpContext context, Observer observer, ObserverFeed feed, ObserverCursor cursor, ObservedPage page)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            KeepAliveInterval = relay.Value.KeepAliveInterval,
            KeepAliveTimeout = relay.Value.KeepAliveTimeout,
        });
        using var connection = new ObserverSocket(socket, observer, feed, options.Value, time, logger);
        await connection.ServeAsync(new ObserverLoop(feed, connection, time), cursor, page, context.RequestAborted);
    }

    private async Task ServeStreamAsync(HttpContext context, ObserverFeed feed, ObserverCursor cursor, ObservedPage page)
    {
        var stream = new ObserverStream(context.Response, options.Value, time);
        try
        {
            await stream.BeginAsync(context.RequestAborted);
            var end = await new ObserverLoop(feed, stream, time).RunAsync(cursor, page, context.RequestAborted);
            if (!await stream.EndAsync(end, context.RequestAborted))
                context.Abort();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // It is gone.
        }
    }

    /// <summary>
    /// What waits in the system for an observer is in none of our bounds, and it grows to megabytes: one that is slow would not get to the
    /// goodbye that says so. A connection that carries other requests too is left alone.
    /// </summary>
    private static void BoundWhatWaits(HttpContext context)
    {
        if (!HttpProtocol.IsHttp11(context.Request.Protocol) || context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
            return;
        try
        {
            socket.SendBufferSize = SystemBytes;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It is gone.
        }
    }

    private static long? LastEventOf(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], out var last) && last is >= 0 and < long.MaxValue ? last : null;
}

/// <summary>The route.</summary>
internal static class ObserveRoutes
{
    public static void MapObserving(this IEndpointRouteBuilder routes)
    {
        var endpoint = routes.ServiceProvider.GetRequiredService<ObserveEndpoint>();
        routes.MapGet("/v1/sessions/{id}/observe", (string id, HttpContext context, long from = 1) => endpoint.HandleAsync(context, id, from))
            .WithTags("Sessions")
            .WithName("ObserveSession")
            .WithSummary("Watch a session: every frame and what happens to it, as a WebSocket or as server-sent events, from a number on")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .Produces(StatusCodes.Status101SwitchingProtocols);
        routes.MapObserverTokens();
    }

    public static void AddObserving(this IServiceCollection services)
    {
        services.AddOptions<ObserverOptions>().BindConfiguration("Observers").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ObserverTokens>();
        services.AddSingleton<ObserverAccess>();
        services.AddSingleton<ObserverPlaces>();
        services.AddSingleton<ObserverFeeds>();
        services.AddSingleton<ObserveEndpoint>();
    }
}
