using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator;

/// <summary>
/// The web server under the simulator: no configuration, no log and no signal handlers of its own, so that many of them can
/// live in one test process and inherit nothing from it.
/// </summary>
internal static class SimulatorHost
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromMilliseconds(500);

    public static WebApplication Build(SimulatorOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(Configure);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.ConfigureHttpJsonOptions(json => ScriptJson.Configure(json.SerializerOptions));
        builder.Services.Configure<SocketTransportOptions>(sockets => Configure(sockets, options));
        return builder.Build();
    }

    private static void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        // A client that stalls is a test's business.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
    }

    private static void Configure(SocketTransportOptions sockets, SimulatorOptions options)
    {
        // A send is complete when the kernel has taken it, not when it waits in a pipe: the truth is dated by that.
        if (!options.BufferSends)
            sockets.MaxWriteBufferSize = 1;
        // One who reads slowly shall be felt by the peer after kilobytes.
        sockets.MaxReadBufferSize = 64 * 1024;
        if (options.SocketBufferBytes is { } bytes)
            sockets.CreateBoundListenSocket = endpoint => ListenWithBuffers(endpoint, bytes);
    }

    /// <summary>Accepted sockets inherit the listening one's buffers.</summary>
    private static Socket ListenWithBuffers(EndPoint endpoint, int bytes)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        socket.ReceiveBufferSize = bytes;
        socket.SendBufferSize = bytes;
        return socket;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
