using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>An observer on a WebSocket: it is told things, and may command.</summary>
internal sealed partial class ObserverSocket(
    WebSocket socket, Observer observer, ObserverFeed feed, ObserverOptions options, TimeProvider time, ILogger logger) : IObserverSink, IDisposable
{
    /// <summary>How many times as long as it may take nothing an observer that is dropped has to take what is under way, and the reason.</summary>
    private const int LastChance = 4;

    // Who is dropped for reading too slowly has the rest to read before the goodbye that says so.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    // News and answers to commands are two senders.
    private readonly SemaphoreSlim _sending = new(1, 1);
    private volatile Task _answering = Task.CompletedTask;
    private WireClose? _broken;

    /// <summary>Serves the observer until it leaves or has to.</summary>
    public async Task ServeAsync(ObserverLoop loop, ObserverCursor cursor, ObservedPage first, CancellationToken cancellationToken)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var commands = CommandsAsync(left);
        WireClose close;
        try
        {
            var end = await loop.RunAsync(cursor, first, left.Token);
            close = new WireClose(end.Code, end.Reason);
            // Who ended the session hears that it was done, though the session may be over first.
            await Task.WhenAny(_answering, Task.Delay(CloseTimeout, time, left.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
        {
            close = _broken ?? new WireClose(1000, null);
        }

        await CloseAsync(close, commands);
        await left.CancelAsync();
        socket.Abort();
        await commands;
    }

    /// <inheritdoc/>
    public async Task<bool> TellAsync(byte[] message, long? sequence, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            // Without the token: a send that is given up takes the socket with it, and the close frame that says why.
            var sent = socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            if (sent.IsCompletedSuccessfully)
                return true;
            return await InTimeAsync(sent, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <inheritdoc/>
    public Task<bool> KeepAliveAsync(CancellationToken cancellationToken) => Task.FromResult(true); // The socket's own pings do that.

    /// <inheritdoc/>
    public void Dispose() => _sending.Dispose();

    /// <summary>Whether it was sent in time. What was not may still be taken for a while, so that there is room to say why it is the last.</summary>
    private async Task<bool> InTimeAsync(Task sent, CancellationToken cancellationToken)
    {
        try
        {
            await sent.WaitAsync(options.StallTimeout, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            LogTooSlow(logger, observer.Session);
            await Task.WhenAny(sent, Task.Delay(LastChance * options.StallTimeout, time, cancellationToken));
            return false;
        }
    }

    private async Task CommandsAsync(CancellationTokenSource left)
    {
        var part = new byte[4 * 1024];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(part.AsMemory(), left.Token);
                if (received.MessageType is WebSocketMessageType.Close)
                    break;
                if (message.Length + received.Count > options.MaxCommandBytes)
                {
                    _broken = WireClose.For(CloseCode.MessageTooBig);
                    break;
                }

                message.Write(part.AsSpan(0, received.Count));
                if (!received.EndOfMessage)
                    continue;
                await (_answering = AnswerAsync(message.ToArray(), left.Token));
                message.SetLength(0);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            // It is gone, or has to go.
        }

        // Whoever waits for news is woken.
        await left.CancelAsync();
    }

    private async Task AnswerAsync(byte[] message, CancellationToken cancellationToken) =>
        await TellAsync(await ObeyAsync(message, cancellationToken), sequence: null, cancellationToken);

    private async Task<byte[]> ObeyAsync(byte[] message, CancellationToken cancellationToken)
    {
        if (ObserverCommand.Read(message) is not { } command)
            return ObserverMessages.Ack(null, null, "invalid");
        var error = command switch
        {
            { Type: "steer" } when !observer.Grants.HasFlag(ObserverGrants.Steer) => "not_granted",
            { Type: "end" } when !observer.Grants.HasFlag(ObserverGrants.End)     => "not_granted",
            { Type: "steer", Frame: { } frame }                                   => await feed.SteerAsync(frame, cancellationToken) ? null : "busy",
            { Type: "end" }                                                       => await EndAsync(cancellationToken),
            _                                                                     => "invalid",
        };
        return ObserverMessages.Ack(command.Type, command.Id, error);
    }

    private async Task<string?> EndAsync(CancellationToken cancellationToken)
    {
        await feed.EndSessionAsync(cancellationToken);
        return null;
    }

    private async Task CloseAsync(WireClose close, Task commands)
    {
        using var taken = new CancellationTokenSource(CloseTimeout, time);
        try
        {
            await _sending.WaitAsync(taken.Token);
            await socket.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, taken.Token);
            // Now it has all that waited to read before it can answer; a socket that is cut meanwhile takes the goodbye with it.
            await commands.WaitAsync(CloseTimeout, time);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException or WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // It did not stay to hear it.
        }
    }

    [LoggerMessage(1521, LogLevel.Debug, "An observer of session {Session} takes nothing and is dropped")]
    private static partial void LogTooSlow(ILogger logger, SessionId session);
}
