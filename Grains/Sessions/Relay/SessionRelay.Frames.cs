using System.Net.WebSockets;
using System.Text;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Observing;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>Step 6: what the frames that pass mean to the session. Nothing here changes a frame, unless it holds our key.</summary>
public sealed partial class SessionRelay
{
    /// <summary>How long the end of a generation may wait to become durable before the client is told anyway.</summary>
    private static readonly TimeSpan DurableTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan DurableTimeoutOfDrain = TimeSpan.FromSeconds(1);

    private string? _version;
    private int _announcedRun;
    private SteeringMarks? _steering;

    private IDialect Dialect => _upstreamRequest.Provider.Dialect;

    private Secret OurKey => _upstreamRequest.Provider.Options.ApiKey;

    /// <summary>Sends a frame to the provider for the tenant's server; false when there is no room for it.</summary>
    internal bool Steer(SteeringFrame frame)
    {
        if (_state.Phase is SessionPhase.Ended || !_upstream.Lane.IsReadable || Dialect.ReadClient(frame.Payload).Kind is SignalKind.Credential)
            return false;
        Ring.Add(ObservedFrom.Server, frame.Payload, isText: true);
        _policy?.Settings?.Steered(frame.Payload);
        _upstream.Lane.Send(frame.Payload);
        var type = FrameReader.TryReadType(frame.Payload, out _) ? FrameReader.ReadText(frame.Payload, "type"u8) : null;
        if ((_steering ??= new SteeringMarks(_services.Time)).Sent(frame.Actor, type) is { } mark)
            _services.Journal.Add(Timeline.Steered(Ownership, _services.Time.GetUtcNow(), mark));
        return true;
    }

    private ValueTask<bool> InspectClientAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType kind)
    {
        var signal = kind is WebSocketMessageType.Text ? Dialect.ReadClient(payload.Span).Kind : SignalKind.None;
        // Neither the provider nor whoever watches the session is to see it.
        if (signal is SignalKind.Credential)
            return DeclineCredentialAsync(payload);

        Ring.Add(ObservedFrom.Client, payload.Span, kind is WebSocketMessageType.Text);
        return _policy is { LooksAtClient: true } policy ? HoldClientAsync(policy, payload, kind, signal) : ValueTask.FromResult(PassClient(payload, kind, signal));
    }

    /// <summary>What a frame that goes on means to the session; always true.</summary>
    private bool PassClient(ReadOnlyMemory<byte> payload, WebSocketMessageType kind, SignalKind signal)
    {
        if (kind != WebSocketMessageType.Text)
            return true;

        _version ??= Dialect.Version(payload.Span);
        if (signal is SignalKind.Offer)
        {
            _policy?.Settings?.Offered(payload.Span);
            Post(new SessionEvent.MediaOffered());
        }

        return true;
    }

    /// <summary>
    /// The client was let in already: another credential is answered, and goes nowhere. Who does not read what it is answered is not
    /// read either, or the answers would pile up here.
    /// </summary>
    private async ValueTask<bool> DeclineCredentialAsync(ReadOnlyMemory<byte> frame)
    {
        await _client.Lane.WhenReadableAsync();
        foreach (var answer in Dialect.Decline(frame.Span, "The connection is authenticated already"))
        {
            Ring.Add(ObservedFrom.Us, answer, isText: true);
            _client.Lane.Send(answer);
        }

        return false;
    }

    private ValueTask<bool> InspectUpstreamAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType kind)
    {
        if (_policy is { Settings: { } settings } watching && kind is WebSocketMessageType.Text)
            WatchSettings(watching, settings, payload.Span);
        if (_policy is { LooksAtUpstream: true } policy && policy.Withholds(payload.Span, kind is WebSocketMessageType.Text))
            return WithholdAsync(payload, kind);
        if (kind != WebSocketMessageType.Text)
        {
            Ring.Add(ObservedFrom.Upstream, payload.Span, isText: false);
            return ValueTask.FromResult(true);
        }

        // Every text of the provider is searched, since our key may not reach a client in any of them: a vectorised scan without an
        // allocation, tens of nanoseconds for a message of the usual size.
        return OurKey.IsIn(payload.Span) ? PassRedactedAsync(payload) : InspectSignalAsync(payload);
    }

    /// <summary>The one frame that does not pass as it came: the provider repeats our key in it, as some do when they refuse one.</summary>
    private async ValueTask<bool> PassRedactedAsync(ReadOnlyMemory<byte> payload)
    {
        var redacted = Encoding.UTF8.GetBytes(OurKey.Redact(Encoding.UTF8.GetString(payload.Span)));
        if (await InspectSignalAsync(redacted))
            _client.Lane.Send(redacted);
        return false;
    }

    private ValueTask<bool> InspectSignalAsync(ReadOnlyMemory<byte> payload)
    {
        var signal = Dialect.ReadUpstream(payload.Span);
        if (Labelled(payload.Span, signal) is { } labelled)
            return PassLabelledAsync(labelled, signal);
        Ring.Add(ObservedFrom.Upstream, payload.Span, isText: true);
        switch (signal.Kind)
        {
            case SignalKind.None:
                break;
            // Where our own clock counts, no count of the provider's does.
            case SignalKind.Tick or SignalKind.Started when _clock is not null:
                break;
            case SignalKind.Tick:
                _meter.Ticked(signal.Milliseconds);
                Announce();
                break;
            case SignalKind.Ended or SignalKind.Expired:
                return EndGenerationAsync(signal);
            case SignalKind.Answer when _clock is { IsRunning: false } && signal.Text is not null && Request.Surface is ClientSurface.Http:
                return AnswerDurablyAsync(signal);
            default:
                Observe(signal);
                break;
        }

        return ValueTask.FromResult(true);
    }

    /// <summary>An error without its provider's name, a room at the tenant's own host; null for what passes as it came, which is nearly all.</summary>
    private byte[]? Labelled(ReadOnlySpan<byte> payload, in FrameSignal signal) => signal.Kind switch
    {
        SignalKind.Error or SignalKind.Expired                     => _words.Label(payload, signal, _services.Names, Dialect),
        SignalKind.Answer when Request.MediaHost is { } mediaHost  => Dialect.Rehost(payload, mediaHost),
        _                                                          => null,
    };

    /// <summary>The timeline has the provider's own words; whoever watches sees what the client got.</summary>
    private async ValueTask<bool> PassLabelledAsync(byte[] labelled, FrameSignal signal)
    {
        Ring.Add(ObservedFrom.Upstream, labelled, isText: true);
        if (signal.Kind is SignalKind.Expired)
            await EndGenerationAsync(signal);
        else
            Observe(signal);
        if (labelled.Length > 0 && !_isWithholding)
            _client.Lane.Send(labelled);
        return false;
    }

    private void Observe(in FrameSignal signal)
    {
        switch (signal.Kind)
        {
            case SignalKind.Started:
                _meter.Started();
                Announce();
                break;
            case SignalKind.Named when signal.Text is { } upstream:
                Named(upstream, signal.Watch);
                break;
            case SignalKind.Answer:
                // Dialect B names its session where A answers.
                if (signal.Text is { } named)
                    Named(named, signal.Watch);
                Post(new SessionEvent.MediaAnswered());
                StartClock();
                break;
            case SignalKind.Queue:
                Post(new SessionEvent.Queued(signal.Position, signal.Size));
                break;
            case SignalKind.Node when signal.Node is { } node:
                Post(new SessionEvent.NodeReported(node));
                break;
            case SignalKind.Error:
                Complain(signal);
                if (signal.Node is NodeStatus.Full)
                    Post(new SessionEvent.NodeReported(NodeStatus.Full));
                if (signal.Ends is { } code)
                    Post(new SessionEvent.CloseRequested(code));
                break;
            case SignalKind.Usage:
                RecordUsage(signal.Usage);
                break;
            case SignalKind.Unknown:
                _services.Metrics.UnknownType(Dialect.Name);
                break;
        }
    }

    private void Complain(in FrameSignal signal) => Post(new SessionEvent.ProviderComplained(OurKey.Redact(signal.Text ?? "")));

    private void Named(string upstream, WatchPlace? watch)
    {
        // Another name is another counter of the provider's. Ours is one, and what it counts keeps the name by which it can be hung up on,
        // whatever further connections to it are called.
        if (_clock is { IsRunning: true })
            return;
        _meter.Named(upstream);
        _watchPlace = watch is null ? null : watch with { Upstream = upstream };
        Post(new SessionEvent.UpstreamNamed(upstream) { Room = watch?.Room });
    }

    /// <summary>Step 8: the end of a generation is durable before the client hears of it, or has waited long enough.</summary>
    private async ValueTask<bool> EndGenerationAsync(FrameSignal signal)
    {
        if (signal.Kind is SignalKind.Expired)
            Complain(signal);
        _clock?.Stop();
        if (_meter.Ended(_clock is null ? signal.Milliseconds : _meter.Open?.MarkMs) is { } generation)
        {
            Announce();
            await WhenDurableAsync(generation);
            _meter.Close(generation, Name(signal.End));
            Post(new SessionEvent.GenerationEnded(generation.Run, generation.MarkMs, signal.End));
        }

        return true;
    }

    private async Task WhenDurableAsync(LiveGeneration generation)
    {
        try
        {
            // A process that goes away has less time, and its goodbye is worth more to the client than our books are.
            var timeout = _services.Registry.IsClosed ? DurableTimeoutOfDrain : DurableTimeout;
            await _services.Marks.WhenDurableAsync(generation).WaitAsync(timeout, _services.Time);
        }
        catch (TimeoutException)
        {
            // The mark stays queued until it is durable; the client is not kept waiting for our database.
            _services.Billing.EndedForwardedUndurable();
        }
    }

    /// <summary>Tells the session of a run that has begun, by whatever frame it showed.</summary>
    private void Announce()
    {
        if (_meter.Open is not { } generation || generation.Run <= _announcedRun)
            return;
        _announcedRun = generation.Run;
        Post(new SessionEvent.GenerationStarted(generation.Run));
    }

    private static string Name(GenerationEnd end) => end switch
    {
        GenerationEnd.Timeout             => "timeout",
        GenerationEnd.Moderation          => "moderation_violation",
        GenerationEnd.Error               => "error",
        GenerationEnd.InsufficientCredits => "insufficient_credits",
        _                                 => "disconnect",
    };
}
