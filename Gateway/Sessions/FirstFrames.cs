using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions;

/// <summary>What came of a client's first frame.</summary>
/// <param name="Credential">What it named; null when it named none.</param>
/// <param name="Close">How it is closed then.</param>
/// <param name="Reading">Done when nobody reads its socket any more.</param>
internal readonly record struct FirstFrame(string? Credential, WireClose Close, Task Reading);

/// <summary>
/// Clients that are not known yet, because their dialect puts the credential in the first frame: so few of each address, each with so
/// much time and so many bytes. Nothing is dialled or claimed for them.
/// </summary>
internal sealed class FirstFrames(IOptions<FirstFrameOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>The WebSocket's own word for a frame that is too long.</summary>
    private static readonly WireClose TooLong = new(1009, null);

    private static readonly WireClose Goodbye = new(1000, null);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _byAddress = new(StringComparer.Ordinal);
    private int _waiting;

    /// <summary>A place for one more client of that address, until it is disposed; null when there are too many.</summary>
    public IDisposable? TryEnter(string address)
    {
        lock (_gate)
        {
            var known = _byAddress.GetValueOrDefault(address);
            if (known >= options.Value.SocketsPerAddress || _waiting >= options.Value.Sockets)
                return null;
            _byAddress[address] = known + 1;
            _waiting++;
            return new Place(this, address);
        }
    }

    /// <summary>Reads the first frame, or as much of it as may come.</summary>
    public async Task<FirstFrame> ReadAsync(WebSocket socket, ICredentialFrame form)
    {
        // No token for the socket: a read that is cancelled cuts it, and then it could not be closed in order.
        var reading = ReadMessageAsync(socket, form);
        try
        {
            var (credential, close) = await reading.WaitAsync(options.Value.Timeout, time, lifetime.ApplicationStopping);
            return new FirstFrame(credential, close, Task.CompletedTask);
        }
        catch (TimeoutException)
        {
            return new FirstFrame(Credential: null, form.Refusal, reading);
        }
        catch (OperationCanceledException)
        {
            return new FirstFrame(Credential: null, WireClose.For(CloseCode.ServerShutdown), reading);
        }
    }

    private async Task<(string? Credential, WireClose Close)> ReadMessageAsync(WebSocket socket, ICredentialFrame form)
    {
        var buffer = new byte[options.Value.MaxBytes];
        var length = 0;
        try
        {
            while (length < buffer.Length)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                if (received.MessageType is WebSocketMessageType.Close)
                    return (null, Goodbye);
                length += received.Count;
                if (received.EndOfMessage)
                    return (received.MessageType is WebSocketMessageType.Text ? form.Read(buffer.AsSpan(0, length)) : null, form.Refusal);
            }

            return (null, TooLong);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It did not stay, or said what is no WebSocket.
            return (null, Goodbye);
        }
    }

    private void Leave(string address)
    {
        lock (_gate)
        {
            _waiting--;
            if (--_byAddress[address] == 0)
                _byAddress.Remove(address);
        }
    }

    private sealed class Place(FirstFrames frames, string address) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                frames.Leave(address);
        }
    }
}
