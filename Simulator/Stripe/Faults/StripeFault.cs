namespace Orchestrator.Simulator.Stripe.Faults;

/// <summary>Ways in which a request can go wrong.</summary>
public enum StripeFaultKind
{
    /// <summary>None: the request is let through. A plan counts it like any other.</summary>
    Pass,
    /// <summary>Status 500 and nothing done; the answer is stored under the idempotency key and given again.</summary>
    ErrorBeforeCommit,
    /// <summary>Status 500 and yet done; stored as well.</summary>
    ErrorAfterCommit,
    /// <summary>The connection is cut and nothing done.</summary>
    DropBeforeCommit,
    /// <summary>Done, the answer stored, and the connection cut instead of it.</summary>
    DropAfterCommit,
    /// <summary>Status 409 before anything is done.</summary>
    Conflict,
    /// <summary>Status 429 of the rate limiter, with <c>Stripe-Rate-Limited-Reason</c>.</summary>
    RateLimited,
    /// <summary>Status 429 <c>lock_timeout</c>, without a reason.</summary>
    LockTimeout,
    /// <summary>As ever, but after a while.</summary>
    Slow,
    /// <summary>Status 400 that is neither a duplicate nor the client's doing.</summary>
    Reject,
    /// <summary>Accepted, and failed later: the event counts nowhere and the next error report tells of it.</summary>
    FailLater,
}

/// <summary>One way to go wrong, with its particulars.</summary>
/// <param name="Kind">Which way.</param>
/// <param name="RetryAfter">Seconds in <c>Retry-After</c>; null leaves the header out.</param>
/// <param name="ShouldRetry">What <c>Stripe-Should-Retry</c> says; null leaves the header out.</param>
/// <param name="Reason">What <c>Stripe-Rate-Limited-Reason</c> says. Default: <c>global-rate</c>.</param>
/// <param name="Code">Code of the rejection or of the later failure. Default of the latter: <c>meter_event_customer_not_found</c>.</param>
/// <param name="Message">Message of the rejection.</param>
/// <param name="Delay">How long a slow one takes, on the simulator's clock.</param>
public sealed record StripeFault(
    StripeFaultKind Kind, int? RetryAfter = null, bool? ShouldRetry = null, string? Reason = null, string? Code = null, string? Message = null, TimeSpan Delay = default)
{
    /// <summary>It happens while a request is carried out; one that is merely answered again does not meet it.</summary>
    internal bool NeedsExecution => Kind is StripeFaultKind.ErrorBeforeCommit or StripeFaultKind.ErrorAfterCommit or StripeFaultKind.Reject or StripeFaultKind.FailLater;
}

/// <summary>When a fault happens. What is left out fits every request.</summary>
/// <param name="Fault">What happens.</param>
/// <param name="Count">How often; null for ever.</param>
/// <param name="Probability">How likely for each request that fits; null means always.</param>
/// <param name="Path">Only requests whose path ends so.</param>
/// <param name="Account">Only requests for this account.</param>
/// <param name="Customer">Only meter events of this customer.</param>
/// <param name="EventName">Only requests with this event name.</param>
public sealed record StripeFaultRule(
    StripeFault Fault, int? Count = 1, double? Probability = null, string? Path = null, string? Account = null, string? Customer = null, string? EventName = null);
