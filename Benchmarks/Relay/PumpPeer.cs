using System.CommandLine;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>
/// The bare pump that everything is compared with: Kestrel on one side, a client socket on the other, and two loops that
/// receive and send. It knows no tenants, reads no frame and keeps no promise; nothing in .NET can relay with less.
/// </summary>
internal static class PumpPeer
{
    public static Command Create()
    {
        var port = new Option<int>("--port");
        var upstream = new Option<string>("--to") { Required = true };
        var command = new Command("pump", "The bare pump, as a process of its own") { port, upstream };
        command.Hidden = true;
        command.SetAction((arguments, cancellationToken) => RunAsync(arguments.GetValue(port), new Uri(arguments.GetRequiredValue(upstream)), cancellationToken));
        return command;
    }

    private static async Task RunAsync(int port, Uri upstream, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var app = builder.Build();
        app.UseWebSockets();
        app.Run(context => RelayAsync(context, upstream));
        await app.StartAsync(cancellationToken);
        await app.WaitForShutdownAsync(cancellationToken);
    }

    private static async Task RelayAsync(HttpContext context, Uri upstream)
    {
        using var client = await context.WebSockets.AcceptWebSocketAsync();
        using var server = new ClientWebSocket();
        await server.ConnectAsync(new UriBuilder(upstream) { Query = context.Request.QueryString.Value }.Uri, CancellationToken.None);
        await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
    }

    private static async Task PumpAsync(WebSocket from, WebSocket to)
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var received = await from.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                    return;
                await to.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
            }
        }
        catch (WebSocketException)
        {
            // The other side went away: so do we.
        }
    }
}
