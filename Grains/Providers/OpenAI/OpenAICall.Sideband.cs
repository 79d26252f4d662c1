using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <content>
/// Our sideband. That it drops says nothing about the call, neither by its close code nor by its silence: only another attempt to attach tells, which
/// the provider refuses with 404 once the call is over.
/// </content>
internal sealed partial class OpenAICall
{
    /// <summary>How long the provider may take to let us attach; a call whose events nobody hears is not left to itself for longer.</summary>
    private static readonly TimeSpan AttachTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A sideband that lived as long did not drop for what was wrong before it.</summary>
    private static readonly TimeSpan SteadyTime = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    /// <summary>How a call ended for us.</summary>
    /// <param name="IsOver">Whether the provider told that it is.</param>
    /// <param name="Close">What to tell the session.</param>
    private readonly record struct CallEnd(bool IsOver, WireClose Close);

    /// <summary>Passes events both ways until the call is over, the session has left, or no sideband can be had.</summary>
    private async Task<CallEnd> AttendAsync(string call)
    {
        WireClose? last = null;
        var (delay, struggling) = (TimeSpan.Zero, time.GetTimestamp());
        try
        {
            while (true)
            {
                var attached = time.GetTimestamp();
                var dial = await DialAsync(call, delay);
                if (dial.Socket is { } socket)
                {
                    using (socket)
                        last = await PassAsync(socket);
                    if (last is { Code: TooBig })
                        return new CallEnd(IsOver: false, last.Value);
                    LogDropped(logger, Provider.Name, call);
                }
                // Right after it was made the provider may not know it itself yet.
                else if (dial.Status is HttpStatusCode.NotFound && last is { } goodbye)
                {
                    return new CallEnd(IsOver: true, goodbye);
                }

                if (time.GetElapsedTime(attached) > SteadyTime + delay && dial.Socket is not null)
                    (delay, struggling) = (TimeSpan.Zero, time.GetTimestamp());
                else
                    delay = delay == TimeSpan.Zero ? TimeSpan.FromMilliseconds(50) : delay < LongestDelay ? 2 * delay : LongestDelay;
                if (time.GetElapsedTime(struggling) > AttachTimeout)
                    return new CallEnd(IsOver: false, new WireClose(1011, null));
            }
        }
        catch (OperationCanceledException) when (_left.IsCancellationRequested)
        {
            return new CallEnd(IsOver: false, new WireClose(1000, null));
        }
    }

    private async Task<DialOutcome> DialAsync(string call, TimeSpan delay)
    {
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, time, _left.Token);
        return await sockets.OpenAsync(
            Provider.Name, api.SidebandOf(Provider, call),
            socket => socket.SetRequestHeader("Authorization", "Bearer " + Provider.Options.ApiKey.Reveal()), _left.Token, expected: HttpStatusCode.NotFound);
    }

    /// <summary>Passes events until this sideband is gone, and answers how it left. Throws when the session has left.</summary>
    private async Task<WireClose> PassAsync(WebSocket sideband)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_left.Token);
        var sending = SendAsync(sideband, over.Token);
        try
        {
            return await ReceiveAsync(sideband, over.Token);
        }
        finally
        {
            await over.CancelAsync();
            await sending;
        }
    }

    private async Task<WireClose> ReceiveAsync(WebSocket sideband, CancellationToken cancellationToken)
    {
        var buffer = new byte[MessageBuffer.BaseBytes];
        long length = 0;
        try
        {
            while (true)
            {
                var part = await sideband.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                if (part.MessageType is WebSocketMessageType.Close)
                    return new PeerClose((int?)sideband.CloseStatus, sideband.CloseStatusDescription).Forwarded;
                length += part.Count;
                if (length > options.MaxMessageBytes)
                    return new WireClose(TooBig, CloseCode.ProviderError.Entry().Reason);
                await relay.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, cancellationToken);
                if (part.EndOfMessage)
                    length = 0;
            }
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return PeerClose.Gone.Forwarded;
        }
    }

    /// <summary>Sends what the session sends. A frame that this sideband did not take is the next one's first.</summary>
    private async Task SendAsync(WebSocket sideband, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _unsent ??= (await _toProvider.TakeAsync(cancellationToken)).Payload;
                await sideband.SendAsync(_unsent.Value, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
                _unsent = null;
            }
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            // The reader of this sideband finds out as well.
        }
    }

    private const int TooBig = 1009;

    private ReadOnlyMemory<byte>? _unsent;

    [LoggerMessage(1176, LogLevel.Debug, "The sideband of call {Call} with provider {Provider} is gone; whether the call is, another attempt tells")]
    private static partial void LogDropped(ILogger logger, string provider, string call);
}
