using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Tests.Providers;

/// <summary>A session whose both far ends a test holds.</summary>
internal sealed record RelayedSession(SessionRelay Relay, FarEnd Client, FarEnd Provider)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Ends it as clients do, and waits until it is over.</summary>
    public async Task CloseAsync()
    {
        await Client.CloseAsync();
        await OverAsync();
    }

    /// <summary>Reads both ends until they are closed, and waits until the session is over.</summary>
    public async Task OverAsync()
    {
        var reading = Task.WhenAll(Client.ReadToEndAsync(), Provider.ReadToEndAsync());
        try
        {
            await Task.WhenAll(reading, Relay.Completion).WaitAsync(Patience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"Session {Relay.Session} is not over; its state is {Relay.State}.", exception);
        }
    }
}

/// <summary>One far end.</summary>
/// <param name="socket">The socket that a test holds.</param>
/// <param name="name">Whose it is, for failures.</param>
[SuppressMessage("Design", "CA1001", Justification = "Memory, and a source whose one timer has run out or dies with it; both end with their test.")]
internal sealed class FarEnd(WebSocket socket, string name)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly CancellationTokenSource _patience = new();
    private readonly MemoryStream _message = new();

    /// <summary>The code of the close frame that came; null before.</summary>
    public int? CloseCode => (int?)socket.CloseStatus;

    /// <summary>Sends a message in pieces of at most that size.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType kind = WebSocketMessageType.Text, int pieces = int.MaxValue)
    {
        Hurry();
        for (; payload.Length > pieces; payload = payload[pieces..])
            await socket.SendAsync(payload[..pieces], kind, endOfMessage: false, _patience.Token);
        await socket.SendAsync(payload, kind, endOfMessage: true, _patience.Token);
    }

    /// <summary>The next whole message; null for the close frame, or the end without one.</summary>
    public async Task<(byte[] Payload, WebSocketMessageType Kind)?> ReadAsync()
    {
        Hurry();
        _message.SetLength(0);
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(_buffer.AsMemory(), _patience.Token);
                if (part.MessageType is WebSocketMessageType.Close)
                    return null;
                if (part.EndOfMessage && _message.Length == 0)
                    return (_buffer[..part.Count], part.MessageType);
                _message.Write(_buffer.AsSpan(0, part.Count));
                if (part.EndOfMessage)
                    return (_message.ToArray(), part.MessageType);
            }
        }
        catch (WebSocketException)
        {
            return null;
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"Nothing came to the {name} within {Patience.TotalSeconds} s.", exception);
        }
    }

    /// <summary>Says goodbye.</summary>
    public async Task CloseAsync(int code = 1000)
    {
        Hurry();
        await socket.CloseOutputAsync((WebSocketCloseStatus)code, statusDescription: null, _patience.Token);
    }

    /// <summary>Goes without a word.</summary>
    public void Abort() => socket.Abort();

    /// <summary>Reads until the other side has said goodbye, and says it too.</summary>
    public async Task ReadToEndAsync()
    {
        while (await ReadAsync() is not null)
            continue;
        if (socket.State is WebSocketState.CloseReceived)
            await CloseAsync();
    }

    // One timer for every end and not for every message.
    private void Hurry() => _patience.CancelAfter(Patience);
}
