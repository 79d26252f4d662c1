using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// The credit that one session lives on, in the process that relays it. It asks for the next chunk before this one is spent, and
/// ends the session when there is none: by its own timer, since a provider that has stopped to tick may still generate.
/// While nobody can be asked the session goes on blind, up to the bound that its tenant set.
/// </summary>
public sealed class SessionHold : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RefusedDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BlindStep = TimeSpan.FromSeconds(1);

    private readonly SessionOwnership _ownership;
    private readonly Settlements _settlements;
    private readonly BillingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Action _spent;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private LiveGeneration? _generation;
    private int _run = 1;
    private long _authorisedMs;
    private TimeSpan? _blindLimit;
    private TimeSpan _blind;
    private TimeSpan _blindBefore;
    private long _heldMs;
    private long _unheldMs;
    private long _notBefore;
    private bool _asking;
    private bool _unanswered;
    private bool _ended;

    /// <summary>Begins with what the session was admitted with.</summary>
    internal SessionHold(
        SessionOwnership ownership, HoldTerms terms, Settlements settlements, BillingMetrics metrics, TimeProvider time, Action spent)
    {
        (_ownership, _settlements, _metrics, _time, _spent) = (ownership, settlements, metrics, time, spent);
        (_authorisedMs, _heldMs, _blindLimit) = (terms.AuthorisedMs, terms.AuthorisedMs, terms.Blind);
        _timer = time.CreateTimer(_ => Check(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the run that counts, or the next one, may generate.</summary>
    public long AuthorisedMs
    {
        get
        {
            lock (_gate)
                return _authorisedMs;
        }
    }

    /// <summary>
    /// A run begins. The first one lives on what the session was admitted with; a later one asks at once, and has a second until then,
    /// less what runs before it used up of theirs while the wallets had nothing.
    /// </summary>
    public void Begin(LiveGeneration generation)
    {
        lock (_gate)
        {
            _generation = generation;
            if (generation.Run > _run)
            {
                var start = Math.Max(0, (long)HoldRule.Start.TotalMilliseconds - _unheldMs);
                (_run, _authorisedMs, _heldMs, _blind, _notBefore) = (generation.Run, start, 0, TimeSpan.Zero, 0);
            }
        }

        Check();
    }

    /// <summary>The mark rose: seldom more than one comparison.</summary>
    public void Raised()
    {
        if (_generation is { } generation && Volatile.Read(ref _authorisedMs) - generation.MarkMs <= HoldRule.Lead.TotalMilliseconds)
            Check();
    }

    /// <summary>The run is over.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (_generation is { } generation)
            {
                generation.BlindMs = BlindOf(generation);
                _blindBefore += TimeSpan.FromMilliseconds(BlindNow(generation));
                _unheldMs += HoldRule.Overrun(generation.MarkMs, _heldMs, generation.BlindMs);
            }

            _generation = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End();
        lock (_gate)
            _ended = true;
        _timer.Dispose();
    }

    /// <summary>Looks how much is left: asks for more, goes on blind, or ends the session; and says when to look again.</summary>
    private void Check()
    {
        SettlementDue? due = null;
        lock (_gate)
        {
            if (_ended || _generation is not { } generation)
                return;

            var left = Left(generation);
            if (left <= HoldRule.StopMargin && !TryGoOnBlind(ref left))
            {
                _ended = true;
                _ = Background.RunAsync(() =>
                {
                    _spent();
                    return Task.CompletedTask;
                });
                return;
            }

            if (!_asking && _time.GetTimestamp() >= _notBefore && UntilQuestion(left) == TimeSpan.Zero)
            {
                _asking = true;
                due = Due(generation);
            }

            _timer.Change(Next(left), Timeout.InfiniteTimeSpan);
        }

        if (due is not null)
            _ = Background.RunAsync(() => AskAsync(due));
    }

    private TimeSpan Left(LiveGeneration generation) =>
        HoldRule.Left(_authorisedMs, generation.MarkMs, _time.GetElapsedTime(generation.RaisedAt)) + _blind;

    /// <summary>A question is due a lead before the end, and is asked on the beat before that.</summary>
    private TimeSpan UntilQuestion(TimeSpan left)
    {
        var due = left - HoldRule.Lead - _blind;
        return due <= TimeSpan.Zero ? TimeSpan.Zero : HoldRule.UntilBeat(due, _time.GetElapsedTime(0));
    }

    /// <summary>Whatever comes first: the time to ask, or to ask again, or the end.</summary>
    private TimeSpan Next(TimeSpan left)
    {
        var next = left - HoldRule.StopMargin;
        if (!_asking)
        {
            var ask = UntilQuestion(left);
            var again = _time.GetElapsedTime(_time.GetTimestamp(), _notBefore);
            var soonest = ask > again ? ask : again;
            next = soonest < next ? soonest : next;
        }

        return next > TimeSpan.FromMilliseconds(1) ? next : TimeSpan.FromMilliseconds(1);
    }

    /// <summary>While the last question has no answer, a session spends a little more than it was allowed, and it is counted apart.</summary>
    private bool TryGoOnBlind(ref TimeSpan left)
    {
        if (!_asking && !_unanswered)
            return false;
        var more = _blindLimit is { } limit ? TimeSpan.FromTicks(Math.Min(BlindStep.Ticks, (limit - _blindBefore - _blind).Ticks)) : BlindStep;
        if (more <= TimeSpan.Zero)
            return false;
        _blind += more;
        left += more;
        _metrics.WentOnBlind(more);
        return left > HoldRule.StopMargin || TryGoOnBlind(ref left);
    }

    private SettlementDue Due(LiveGeneration generation)
    {
        generation.BlindMs = BlindOf(generation);
        return new SettlementDue(
            _ownership.Session, _ownership.Epoch, generation.Run,
            HoldRule.Wanted(_authorisedMs, generation.MarkMs, _time.GetElapsedTime(generation.RaisedAt)), generation.BlindMs);
    }

    private long BlindOf(LiveGeneration generation) => Math.Max(generation.BlindMs, BlindNow(generation));

    private long BlindNow(LiveGeneration generation) => Math.Min((long)_blind.TotalMilliseconds, Math.Max(0, generation.MarkMs - _authorisedMs));

    private async Task AskAsync(SettlementDue due)
    {
        Settlement? answer = null;
        try
        {
            answer = await _settlements.SettleAsync(_ownership.Root, due);
        }
#pragma warning disable CA1031 // Nobody could be asked, whatever the reason; the bound of going on blind holds.
        catch (Exception)
#pragma warning restore CA1031
        {
            _metrics.SettlementFailed();
        }

        Take(due, answer);
        Check();
    }

    private void Take(SettlementDue due, Settlement? answer)
    {
        lock (_gate)
        {
            _asking = false;
            _unanswered = answer is null or { Status: SettlementStatus.NotYet or SettlementStatus.Failed };
            _notBefore = _unanswered ? After(RetryDelay) : answer is { Status: SettlementStatus.Gone } ? After(RefusedDelay) : 0;
            // Whoever is granted anything has paid for all that was closed before.
            if (answer is { Status: SettlementStatus.Settled, Hold.AuthorisedMs: > 0 })
                (_unheldMs, _blindBefore) = (0, TimeSpan.Zero);
            // Else an answer about a run that is over says nothing of this one.
            if (answer is not { Status: SettlementStatus.Settled } || due.Run != _run)
                return;

            var live = _generation;
            if (live is not null)
                Settler.Settled(live, answer.LedgeredMs, _metrics, _time);
            if (answer.Hold is not { } hold)
            {
                // No wallet above it has an end any more.
                _ended = true;
                return;
            }

            (_authorisedMs, _heldMs, _blindLimit) = (Math.Max(_authorisedMs, hold.AuthorisedMs), hold.AuthorisedMs, hold.Blind);
            // What of the time that it went on blind is not held now either, stays counted.
            if (live is not null)
                live.BlindMs = BlindOf(live);
            (_blind, _blindBefore) = (TimeSpan.Zero, TimeSpan.Zero);
            // The wallets are empty. A top-up may still come before this is spent.
            if (hold.AuthorisedMs < due.WantedMs)
                _notBefore = After(RefusedDelay);
        }
    }

    private long After(TimeSpan delay) => _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
}
