using static Orchestrator.Domain.Billing.ExportState;

namespace Orchestrator.Domain.Billing;

/// <summary>A frozen batch as its next attempt finds it.</summary>
/// <param name="State">Pending, sending or cancelling.</param>
/// <param name="Identifier">What the sink knows it by, for good.</param>
/// <param name="Attempts">How many there were, the one under way included.</param>
/// <param name="UnknownFor">How long ago the first attempt was made of which nobody knows what became; null when there is none.</param>
/// <param name="Age">How long ago the instant in the body was.</param>
/// <param name="SentFor">How long the sink has had it; null when it has not.</param>
public sealed record ExportAttempt(ExportState State, string Identifier, int Attempts, TimeSpan? UnknownFor, TimeSpan Age, TimeSpan? SentFor = null);

/// <summary>What becomes of a batch after an attempt, or in place of one.</summary>
/// <param name="Next">Its state.</param>
/// <param name="Wait">How long its lane keeps still first.</param>
public sealed record ExportStep(ExportState Next, TimeSpan Wait = default)
{
    /// <summary>The sink had it from an earlier attempt.</summary>
    public bool IsDuplicate { get; init; }

    /// <summary>The attempt leaves it open whether the sink has it.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>The next attempt carries another key in its header. The identifier in the body never changes.</summary>
    public bool NewKey { get; init; }

    /// <summary>Why, where it is not simply done.</summary>
    public string? Error { get; init; }
}

/// <summary>
/// The life of a frozen batch: <c>pending → sending → sent</c>, and what else may come of it. An identifier protects for a day,
/// so who does not know what became of an attempt may repeat it for 23 hours and not a minute longer.
/// </summary>
public static class ExportMachine
{
    /// <summary>How long after an attempt of unknown outcome it may be repeated: the sink's day, less an hour for clocks and for the request itself.</summary>
    public static readonly TimeSpan RepeatableFor = TimeSpan.FromHours(23);

    /// <summary>How long after it was taken a batch may be asked back.</summary>
    public static readonly TimeSpan CancellableFor = TimeSpan.FromHours(23);

    /// <summary>What stands against another attempt, or null when it may be made.</summary>
    /// <param name="attempt">The batch.</param>
    /// <param name="maxAge">How old an instant the sink takes, if it minds.</param>
    public static ExportStep? Before(ExportAttempt attempt, TimeSpan? maxAge) => attempt switch
    {
        { State: Cancelling, SentFor: { } sent } when sent >= CancellableFor =>
            Kept(attempt, "too late to be taken back; corrections are netted against what follows"),
        { State: Cancelling } => null,
        { UnknownFor: { } unknown } when unknown >= RepeatableFor =>
            new(Uncertain) { Error = "the outcome of an attempt is unknown and another might be counted twice; to be reconciled" },
        { UnknownFor: null } when attempt.Age > maxAge =>
            new(Rejected) { Error = "older than the sink takes; to be invoiced by hand" },
        _ => null,
    };

    /// <summary>What an attempt's outcome makes of the batch.</summary>
    /// <param name="attempt">The batch, with the attempt counted.</param>
    /// <param name="outcome">What the sink answered.</param>
    /// <param name="jitter">From 0 to below 1.</param>
    public static ExportStep After(ExportAttempt attempt, SendOutcome outcome, double jitter) => (attempt.State, outcome) switch
    {
        (Cancelling, SendOutcome.Accepted)                 => new(Cancelled),
        (Cancelling, SendOutcome.Rejected rejected)        => Kept(attempt, rejected.Reason),
        (Cancelling, SendOutcome.Duplicate)                => new(Cancelled),
        (_, SendOutcome.Accepted)                          => new(Sent),
        // "Already there" is good news about our own identifier alone.
        (_, SendOutcome.Duplicate { Identifier: var name } duplicate) => name == attempt.Identifier
            ? new(Sent) { IsDuplicate = true }
            : new(Rejected) { Error = $"the sink names a duplicate of {duplicate.Identifier}" },
        (_, SendOutcome.Rejected rejected)                 => new(Rejected) { Error = rejected.Reason },
        (var state, SendOutcome.Retry retry)               => new(state is Cancelling ? Cancelling : Pending, Backoff.Delay(attempt.Attempts, retry.After, jitter))
        {
            IsUnknown = retry.IsUnknown, NewKey = retry.NewKey, Error = retry.Cause,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "No one knows what to make of it."),
    };

    /// <summary>
    /// A sink that will not give it back keeps it, which is no loss: corrections are netted then. Unless an earlier wish of which
    /// nobody knows what became was granted.
    /// </summary>
    private static ExportStep Kept(ExportAttempt attempt, string why) => new(attempt.UnknownFor is null ? Sent : Uncertain) { Error = why };
}
