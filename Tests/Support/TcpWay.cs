using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Tests.Support;

/// <summary>The way from one process to a server, which a test may cut or clog without harm to anybody else's.</summary>
internal sealed class TcpWay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly (string Host, int Port) _server;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private readonly List<TcpClient> _open = [];
    private readonly Task _accepting;
    private TaskCompletionSource _flows = Flowing();
    private volatile bool _isCut;

    /// <summary>Leads to that server from a port of its own.</summary>
    public TcpWay(string host, int port)
    {
        _server = (host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it begins.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Resets every connection, and those that are tried from now on.</summary>
    public void Cut()
    {
        _isCut = true;
        lock (_gate)
        {
            foreach (var client in _open)
                Reset(client);
            _open.Clear();
        }
    }

    /// <summary>Takes connections and all that is sent, and passes nothing on.</summary>
    public void Clog() => _flows = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Leads to the server again.</summary>
    public void Restore()
    {
        _isCut = false;
        _flows.TrySetResult();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        Cut();
        _flows.TrySetResult();
        _listener.Stop();
        await _accepting;
        _over.Dispose();
    }

    private static TaskCompletionSource Flowing()
    {
        var flows = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        flows.SetResult();
        return flows;
    }

    /// <summary>One that is closed already has no socket any more.</summary>
    private static void Reset(TcpClient client)
    {
        client.Client?.Close(timeout: 0);
        client.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The test is over, or somebody did not stay.
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        if (_isCut)
        {
            Reset(client);
            return;
        }

        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(_server.Host, _server.Port, _over.Token);
            lock (_gate)
                _open.AddRange([client, server]);
            var ways = new[] { PassAsync(client.GetStream(), server.GetStream()), PassAsync(server.GetStream(), client.GetStream()) };
            await Task.WhenAny(ways);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two has gone.
        }

        client.Dispose();
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _over.Token) is > 0 and var read)
            {
                await _flows.Task.WaitAsync(_over.Token);
                await to.WriteAsync(buffer.AsMemory(0, read), _over.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // One of the two has gone, or the test is over.
        }
    }
}
