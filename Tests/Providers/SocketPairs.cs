using System.Net.WebSockets;
using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Providers;

/// <summary>Makes pairs of sockets for a relay and a test.</summary>
internal interface ISocketPairs
{
    /// <summary>A client's: the gateway's end, and the client's.</summary>
    (WebSocket Ours, WebSocket Far) Accepted();

    /// <summary>An upstream's: the gateway's end, and the provider's.</summary>
    (WebSocket Ours, WebSocket Far) Dialled();
}

/// <summary>Pairs as they stand for sides that speak HTTP: messages pass whole, and nothing is framed.</summary>
internal sealed class Pipes : ISocketPairs
{
    public (WebSocket Ours, WebSocket Far) Accepted() => FramePipe.Create();

    public (WebSocket Ours, WebSocket Far) Dialled() => FramePipe.Create();
}

/// <summary>Real WebSockets, frames and masks and all, over memory instead of TCP.</summary>
internal sealed class Sockets : ISocketPairs
{
    public (WebSocket Ours, WebSocket Far) Accepted()
    {
        var pair = new SocketPair();
        return (pair.Ours, pair.Theirs);
    }

    public (WebSocket Ours, WebSocket Far) Dialled()
    {
        var pair = new SocketPair();
        return (pair.Theirs, pair.Ours);
    }
}
