using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>One side of a relay: its socket, the lane of messages towards it, and the pump of those that come from it.</summary>
internal sealed class RelayLeg(FrameLane lane)
{
    private volatile WebSocket? _socket;
    private volatile FramePump? _pump;
    private volatile Task<PumpEnd> _reading = Task.FromResult(new PumpEnd(PeerClose.Gone));
    private volatile Task _goodbye = Task.CompletedTask;

    /// <summary>Messages towards this side.</summary>
    public FrameLane Lane => lane;

    /// <summary>Its socket, once there is one.</summary>
    public WebSocket? Socket => _socket;

    /// <summary>Whether there is a socket at all.</summary>
    public bool IsOpen => _socket is not null;

    /// <summary>How this side left, once it has.</summary>
#pragma warning disable RS0030 // Completed, so nobody waits; and this is the relay, not a grain.
    public PeerClose? Left => IsOpen && _reading.IsCompletedSuccessfully ? _reading.Result.Close : null;
#pragma warning restore RS0030

    /// <summary>How many messages came from this side.</summary>
    public long Messages => _pump?.Messages ?? 0;

    /// <summary>The socket is open: messages towards it leave, messages from it are read until it leaves.</summary>
    public Task<PumpEnd> ReadAsync(WebSocket socket, FramePump pump)
    {
        _socket = socket;
        _pump = pump;
        lane.Attach(socket);
        return _reading = Background.RunAsync(pump.RunAsync);
    }

    /// <summary>Lets what waits leave, says goodbye, and waits for the peer to say it too; then the socket is cut, whatever came of it.</summary>
    public Task CloseAsync(WireClose close, TimeSpan drain, TimeSpan answer, TimeProvider time) => _goodbye = SayGoodbyeAsync(close, drain, answer, time);

    /// <summary>Done when no goodbye is on its way; one to a client that is linked crosses to another process first.</summary>
    public Task WhenSaidAsync() => _goodbye;

    private async Task SayGoodbyeAsync(WireClose close, TimeSpan drain, TimeSpan answer, TimeProvider time)
    {
        using var timeout = new CancellationTokenSource(drain, time);
        await lane.CloseAsync(close, timeout.Token);
        try
        {
            await WhenAnsweredAsync().WaitAsync(answer, time);
        }
        catch (TimeoutException)
        {
            // It had its time.
        }

        Cut();
    }

    private async Task WhenAnsweredAsync()
    {
        var end = await _reading;
        if (end.IsTooBig && _pump is { } pump)
            await pump.DiscardAsync();
    }

    /// <summary>Cuts the socket. Messages that wait are lost.</summary>
    public void Cut()
    {
        lane.Abandon();
        _socket?.Abort();
    }
}
