using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Tests.Support;

/// <summary>
/// Ports for the silos of one cluster. A silo that is gone leaves its port to the next, as a machine that starts its program
/// again does: the cluster then knows at once that the former one is no more.
/// </summary>
internal sealed class SiloPorts
{
    // Below the range from which Linux takes the ports of outgoing connections, so that none of those is in the way.
    private const int First = 20_000;
    private const int Count = 12_000;

    private static int _last = Random.Shared.Next(Count);

    private readonly ConcurrentQueue<int> _returned = new();

    /// <summary>A port that nobody listens on.</summary>
    public int Take()
    {
        if (_returned.TryDequeue(out var returned))
            return returned;
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody's; the next one.
            }
        }
    }

    /// <summary>Who had it is gone.</summary>
    public void Return(int port) => _returned.Enqueue(port);
}
