using System.Net.WebSockets;
using System.Text;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.Decart.Watching;

/// <summary>
/// Between somebody who watches and the provider: the one's offer and candidates, the other's answer. No session, no meter and no
/// ring; it ends when either side does, or when it is told that it is over.
/// <code>
///   watcher ──offer, answer, ice-candidate──▶ provider        everything else is declined
///   watcher ◀────── whatever it says ──────── provider        without its name and our key
/// </code>
/// </summary>
public sealed class WatcherRelay
{
    /// <summary>The largest message, in bytes: descriptions of media are some kilobytes.</summary>
    public const int MaxMessageBytes = 256 * 1024;

    private const int ReadAheadBytes = 64 * 1024;

    /// <summary>How soon it is noticed that it is over.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    /// <summary>Our close frame to the provider.</summary>
    private static readonly WireClose Goodbye = new(1000, null);

    private readonly ProviderEntry _provider;
    private readonly Wording _words;
    private readonly RelayServices _services;
    private readonly RelayLeg _watcher;
    private readonly RelayLeg _upstream;

    /// <summary>A relay for one watcher; nothing is read yet.</summary>
    /// <param name="provider">Whose session is watched.</param>
    /// <param name="words">In which words its tenant's clients are told things.</param>
    /// <param name="services">What relays of the process share.</param>
    public WatcherRelay(ProviderEntry provider, Wording words, RelayServices services)
    {
        (_provider, _words, _services) = (provider, words, services);
        _watcher = new RelayLeg(new FrameLane(ReadAheadBytes, services.Budget, services.Time));
        _upstream = new RelayLeg(new FrameLane(ReadAheadBytes, services.Budget, services.Time));
    }

    /// <summary>Serves the watcher to its end. Both sockets are closed then; nothing is thrown for what a peer does.</summary>
    /// <param name="watcher">Its socket.</param>
    /// <param name="upstream">Ours to the provider.</param>
    /// <param name="whyOver">Asked a few times a second: why it is over, or null.</param>
    public async Task RunAsync(WebSocket watcher, WebSocket upstream, Func<ValueTask<CloseCode?>> whyOver)
    {
        using var over = new CancellationTokenSource();
        var fromWatcher = _watcher.ReadAsync(watcher, PumpOf(watcher, _upstream, InspectWatcherAsync));
        var fromUpstream = _upstream.ReadAsync(upstream, PumpOf(upstream, _watcher, InspectUpstreamAsync));
        var watching = WatchAsync(whyOver, over.Token);
        await Task.WhenAny(fromWatcher, fromUpstream, watching);

        var close = fromWatcher.IsCompleted ? AnswerTo(await fromWatcher)
            : watching.IsCompleted ? _words.CloseFor(await watching ?? CloseCode.InternalError)
            : Forwarded(await fromUpstream);
        await over.CancelAsync();
        var timeout = _services.Options.CloseTimeout;
        await Task.WhenAll(_upstream.CloseAsync(Goodbye, timeout, timeout, _services.Time), _watcher.CloseAsync(close, timeout, timeout, _services.Time));
        await watching;
    }

    private FramePump PumpOf(WebSocket source, RelayLeg to, InspectFrame inspect) => new(source, to.Lane, _services.Budget, MaxMessageBytes, inspect);

    private async Task<CloseCode?> WatchAsync(Func<ValueTask<CloseCode?>> whyOver, CancellationToken over)
    {
        try
        {
            while (true)
            {
                if (_watcher.Lane.StalledFor > _services.Options.StallTimeout)
                    return CloseCode.SlowClient;
                if (_upstream.Lane.StalledFor > _services.Options.StallTimeout)
                    return CloseCode.UpstreamStalled;
                if (await whyOver() is { } code)
                    return code;
                await Task.Delay(Beat, _services.Time, over);
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>It offers and answers; prompts and images are those of the session's own client, under our one key.</summary>
    private async ValueTask<bool> InspectWatcherAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType kind)
    {
        if (kind is WebSocketMessageType.Text && IsMedia(payload.Span))
            return true;
        // Who does not read what it is answered is not read either.
        await _watcher.Lane.WhenReadableAsync();
        foreach (var answer in _provider.Dialect.Decline(payload.Span, "Not allowed: this connection only watches"))
            _watcher.Lane.Send(answer);
        return false;
    }

    private static bool IsMedia(ReadOnlySpan<byte> frame) => FrameReader.TryReadType(frame, out var type)
        && (type.ValueTextEquals("offer"u8) || type.ValueTextEquals("answer"u8) || type.ValueTextEquals("ice-candidate"u8));

    private ValueTask<bool> InspectUpstreamAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType kind)
    {
        if (kind is not WebSocketMessageType.Text)
            return ValueTask.FromResult(true);
        var key = _provider.Options.ApiKey;
        var text = key.IsIn(payload.Span) ? Encoding.UTF8.GetBytes(key.Redact(Encoding.UTF8.GetString(payload.Span))) : null;
        var frame = text is null ? payload.Span : text;
        var signal = _provider.Dialect.ReadUpstream(frame);
        if (signal.Kind is SignalKind.Unknown)
            _services.Metrics.UnknownType(_provider.Dialect.Name);
        if (signal.Kind is SignalKind.Error && _words.Label(frame, signal, _services.Names, _provider.Dialect) is { } labelled)
            text = labelled;
        if (text is null)
            return ValueTask.FromResult(true);
        if (text.Length > 0)
            _watcher.Lane.Send(text);
        return ValueTask.FromResult(false);
    }

    private WireClose AnswerTo(PumpEnd watcher) => watcher.IsTooBig ? _words.CloseFor(CloseCode.MessageTooBig) : watcher.Close.Forwarded;

    private WireClose Forwarded(PumpEnd upstream)
    {
        if (upstream.IsTooBig)
            return _words.CloseFor(CloseCode.ProviderError);
        var close = upstream.Close.Forwarded;
        return close.Reason is { } reason && _services.Names.AreIn(_provider.Options.ApiKey.Redact(reason))
            ? close with { Reason = _words.Of(CloseCode.UpstreamClosed) }
            : close;
    }
}
