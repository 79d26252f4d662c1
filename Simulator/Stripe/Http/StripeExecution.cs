using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>How a call ended; without an answer the connection is cut.</summary>
internal sealed record Outcome(StripeAnswer? Answer, bool Replayed = false, StripeFaultKind? Fault = null);

/// <summary>
/// Carries a call out as Stripe does: key, lane, waiting, work; and wrongly where the plan says so. What a client may see
/// (an answer, a cut) comes after key and lane are free again: its next request must not meet its last one.
/// </summary>
internal sealed class StripeExecution(
    StripeBooks books, StripeHandlers handlers, IdempotencyBook keys, FaultPlan faults, TimeProvider time, CancellationToken stopping)
{
    private static readonly StripeAnswer Unavailable = StripeErrors.ServerError() with { Executed = false };
    private readonly Lanes _lanes = new();
    private readonly Dictionary<string, (long Second, int Count)> _rates = new(StringComparer.Ordinal);

    public async Task<Outcome> RunAsync(StripeCall call, IncomingRequest request)
    {
        if (Admit(call, request, out var lane, out var fault) is { } early)
            return early;

        StripeAnswer? answer = null;
        try
        {
            answer = Hint(await WorkAsync(call, fault), fault);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return new(null);
        }
        finally
        {
            lock (books.Gate)
            {
                _lanes.Leave(lane);
                if (request.IdempotencyKey is { } key)
                    keys.End(call.Account.Number, key, answer, call.Operation.IsV2);
            }
        }

        var cut = fault?.Kind is StripeFaultKind.DropAfterCommit or StripeFaultKind.DropBeforeCommit;
        return new(cut ? null : answer, Fault: fault?.Kind);
    }

    /// <summary>What can be said before anything is carried out; null lets the call go on, with key and lane taken.</summary>
    private Outcome? Admit(StripeCall call, IncomingRequest request, out (string, string, string)? lane, out StripeFault? fault)
    {
        (lane, fault) = (null, null);
        lock (books.Gate)
        {
            lane = call.IsMeterEvent ? MeterEvents.LaneOf(call) : null;
            if (IsTooFast(call.Account.Id))
                return new(StripeErrors.RateLimited("global-rate", retryAfterSeconds: 1));

            var isFree = _lanes.TryEnter(lane);
            var (state, known) = request.IdempotencyKey is { } key ? keys.Begin(call.Account.Number, key, request.Fingerprint) : (KeyState.Fresh, null);
            fault = faults.Take(new(request.Path, call.Account.Id, lane?.Item3, call.Body["event_name"]?.ToString(), isFree && state is KeyState.Fresh));
            Count(isFree, state, fault);
            if (isFree && state is KeyState.Fresh && !IsRefusal(fault))
                return null;

            // Whatever this call took goes back; what another holds stays.
            if (isFree)
                _lanes.Leave(lane);
            if (state is KeyState.Fresh && request.IdempotencyKey is { } unused)
                keys.End(call.Account.Number, unused, answer: null, call.Operation.IsV2);

            if (IsRefusal(fault))
                return new(fault!.Kind is StripeFaultKind.DropBeforeCommit ? null : Hint(Refusal(call, fault), fault), Fault: fault.Kind);
            return state switch
            {
                KeyState.Misused => new(StripeErrors.KeyReused(request.IdempotencyKey!)),
                KeyState.Busy    => new(StripeErrors.KeyInUse(request.IdempotencyKey!)),
                KeyState.Known   => new(fault?.Kind is StripeFaultKind.DropAfterCommit ? null : known!.With("Idempotent-Replayed", "true"), Replayed: true, fault?.Kind),
                _                => new(StripeErrors.Concurrent(call.Operation.IsV2)),
            };
        }
    }

    private async Task<StripeAnswer> WorkAsync(StripeCall call, StripeFault? fault)
    {
        var wait = books.Settings.Latency + (fault?.Kind is StripeFaultKind.Slow ? fault.Delay : TimeSpan.Zero);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time, stopping);

        lock (books.Gate)
        {
            switch (fault?.Kind)
            {
                case StripeFaultKind.ErrorBeforeCommit:
                    return StripeErrors.ServerError();
                case StripeFaultKind.Reject:
                    return StripeErrors.Failed(400, fault.Message ?? "This request was rejected by the plan.", fault.Code);
                case StripeFaultKind.ErrorAfterCommit:
                    return handlers.Handle(call) is { Executed: false } refused ? refused : StripeErrors.ServerError();
            }

            var before = books.Events.Count;
            var answer = handlers.Handle(call);
            if (fault?.Kind is StripeFaultKind.FailLater && books.Events.Count > before)
                books.Fail(before, fault.Code ?? "meter_event_customer_not_found");
            return answer;
        }
    }

    /// <summary>Faults that strike before a request reaches its work.</summary>
    private static bool IsRefusal(StripeFault? fault) => fault?.Kind
        is StripeFaultKind.DropBeforeCommit or StripeFaultKind.Conflict or StripeFaultKind.RateLimited or StripeFaultKind.LockTimeout;

    private static StripeAnswer Refusal(StripeCall call, StripeFault fault) => fault.Kind switch
    {
        StripeFaultKind.Conflict    => StripeErrors.Concurrent(call.Operation.IsV2),
        StripeFaultKind.RateLimited => StripeErrors.RateLimited(fault.Reason ?? "global-rate", fault.RetryAfter),
        StripeFaultKind.LockTimeout => StripeErrors.LockTimeout(),
        _                           => Unavailable,
    };

    private static StripeAnswer Hint(StripeAnswer answer, StripeFault? fault)
    {
        if (fault?.ShouldRetry is { } retry)
            answer = answer.With("Stripe-Should-Retry", retry ? "true" : "false");
        return fault is { RetryAfter: { } seconds, Kind: not StripeFaultKind.RateLimited } ? answer.With("Retry-After", $"{seconds}") : answer;
    }

    private void Count(bool isFree, KeyState state, StripeFault? fault) => books.Counts = books.Counts with
    {
        ConcurrencyConflicts = books.Counts.ConcurrencyConflicts + (isFree ? 0 : 1),
        KeyConflicts = books.Counts.KeyConflicts + (state is KeyState.Busy ? 1 : 0),
        KeyMismatches = books.Counts.KeyMismatches + (state is KeyState.Misused ? 1 : 0),
        Replays = books.Counts.Replays + (state is KeyState.Known && !IsRefusal(fault) ? 1 : 0),
        Faults = books.Counts.Faults + (fault is null ? 0 : 1),
    };

    private bool IsTooFast(string account)
    {
        if (books.Settings.RequestsPerSecond is not { } limit)
            return false;

        var second = time.GetUtcNow().ToUnixTimeSeconds();
        var count = _rates.GetValueOrDefault(account) is var rate && rate.Second == second ? rate.Count + 1 : 1;
        _rates[account] = (second, count);
        if (count <= limit)
            return false;
        books.Counts = books.Counts with { RateLimited = books.Counts.RateLimited + 1 };
        return true;
    }
}
