using System.Buffers;
using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// What stands for the socket of a client that has none, from its offer to the end of its session: says the client's first words
/// in the dialect, hears the answer, and from then on keeps nothing. Whoever wants the rest reads the session's ring.
/// </summary>
internal sealed class HeldClient(WebSocket socket, ISignaling words, TimeProvider time)
{
    /// <summary>A frame longer than this says nothing that a request waits for.</summary>
    private const int MaxFrame = 1024 * 1024;

    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private readonly byte[] _piece = new byte[16 * 1024];

    /// <summary>Why the session was closed, once it was.</summary>
    public CloseCode? Ended { get; private set; }

    /// <summary>Says this in the client's place.</summary>
    public async Task SayAsync(IReadOnlyList<byte[]> frames, CancellationToken cancellationToken)
    {
        foreach (var frame in frames)
            await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
    }

    /// <summary>The next word of the provider, or of us in its place; null when the session is over.</summary>
    public async Task<SignalingWord?> NextAsync(CancellationToken cancellationToken)
    {
        var frame = new ArrayBufferWriter<byte>();
        var length = 0L;
        while (true)
        {
            var received = await ReceiveAsync(cancellationToken);
            if (received is not { } piece)
                return null;
            length += piece.Count;
            if (length <= MaxFrame)
                frame.Write(_piece.AsSpan(0, piece.Count));
            if (!piece.EndOfMessage)
                continue;

            if (piece.MessageType is WebSocketMessageType.Text && length <= MaxFrame && words.Read(frame.WrittenSpan) is { Kind: not SignalingWordKind.Other } word)
                return word;
            frame.ResetWrittenCount();
            length = 0;
        }
    }

    /// <summary>Hears what is said without keeping it, until the session is over, and answers its goodbye.</summary>
    public async Task StayAsync()
    {
        while (await ReceiveAsync(CancellationToken.None) is not null)
            continue;
        await LeaveAsync();
    }

    /// <summary>Leaves in good order, which ends a session that still lives. Safe to repeat.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(GoodbyeTimeout, time);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, timeout.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException || IsGone(exception))
        {
            // It is over already.
        }
    }

    /// <summary>Nobody is at the other end any more.</summary>
    public void Cut() => socket.Abort();

    private async Task<ValueWebSocketReceiveResult?> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            var piece = await socket.ReceiveAsync(_piece.AsMemory(), cancellationToken);
            if (piece.MessageType is not WebSocketMessageType.Close)
                return piece;
            Ended = CloseCodes.OfWire((int?)socket.CloseStatus, socket.CloseStatusDescription) ?? (int?)socket.CloseStatus switch
            {
                // The provider's own close.
                1013 => CloseCode.UpstreamFull,
                1008 => CloseCode.ProviderRefused,
                _    => CloseCode.UpstreamClosed,
            };
        }
        catch (Exception exception) when (IsGone(exception))
        {
            Ended ??= CloseCode.ProcessLost;
        }

        return null;
    }

    private static bool IsGone(Exception exception) => exception is WebSocketException or ObjectDisposedException;
}
