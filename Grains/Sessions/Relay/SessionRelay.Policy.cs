using System.Net.WebSockets;
using System.Text;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Policies;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// Step 6 where the session has a policy: what goes against it is answered in the client's own dialect or kept from the client, and
/// recorded; the session goes on. Frames of the tenant's own server are not held against it.
/// </summary>
public sealed partial class SessionRelay
{
    private readonly SessionPolicy? _policy;
    private bool _isWithholding;
    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether a frame of the client goes on. Its pump waits meanwhile, so the order of frames is kept.</summary>
    private ValueTask<bool> HoldClientAsync(SessionPolicy policy, ReadOnlyMemory<byte> payload, WebSocketMessageType kind, SignalKind signal)
    {
        var judgement = policy.Judge(payload.Span, kind is WebSocketMessageType.Text);
        return judgement.IsPlainPass ? ValueTask.FromResult(PassClient(payload, kind, signal)) : ConcludeAsync(policy, judgement, payload, kind, signal);
    }

    private async ValueTask<bool> ConcludeAsync(
        SessionPolicy policy, Judgement judgement, ReadOnlyMemory<byte> payload, WebSocketMessageType kind, SignalKind signal)
    {
        // Before the session has its row nothing can be recorded of it, and nobody is asked for a client that may not be let in at all.
        if (!IsClaimed)
            await _decided.Task;
        if (_state.Phase is SessionPhase.Ended)
            return false;
        if (await policy.ConcludeAsync(judgement, payload) is not { } refusal)
            return PassClient(payload, kind, signal);
        foreach (var answer in Dialect.Decline(payload.Span, refusal.Words))
        {
            Ring.Add(ObservedFrom.Us, answer, isText: true);
            _client.Lane.Send(answer);
        }

        // Who sends what is refused and reads no answer is not read any more either.
        await _client.Lane.WhenReadableAsync();
        return false;
    }

    /// <summary>What the provider says and the client may not hear counts all the same.</summary>
    private async ValueTask<bool> WithholdAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType kind)
    {
        // Said in other words it is not for the client either. One pump reads the provider, so nobody else sees this.
        _isWithholding = true;
        if (kind is WebSocketMessageType.Text)
            await InspectSignalAsync(OurKey.IsIn(payload.Span) ? Encoding.UTF8.GetBytes(OurKey.Redact(Encoding.UTF8.GetString(payload.Span))) : payload);
        else
            Ring.Add(ObservedFrom.Upstream, payload.Span, isText: false);
        _isWithholding = false;
        return false;
    }

    /// <summary>Changes back what the client changed on a way that does not pass us, or ends the session.</summary>
    private void WatchSettings(SessionPolicy policy, SettingsWatch settings, ReadOnlySpan<byte> frame)
    {
        var (changes, revert) = settings.Look(frame);
        foreach (var change in changes)
            policy.RecordSetting(change);
        if (changes.Any(change => change is { Mode: PolicyMode.Enforce, Answer: SidebandAnswer.End }))
        {
            Post(new SessionEvent.CloseRequested(CloseCode.PolicyViolation));
        }
        else if (revert is not null)
        {
            // In the tenant's name, whose policy it is.
            Ring.Add(ObservedFrom.Server, revert, isText: true);
            _upstream.Lane.Send(revert);
        }
    }

    private void Record(Violation violation) => _services.Journal.Add(Timeline.Violated(Ownership, _services.Time.GetUtcNow(), violation));
}
