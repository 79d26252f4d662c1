namespace Orchestrator.Simulator.Stripe;

/// <summary>How often what happened since the start.</summary>
public sealed record StripeCounts
{
    /// <summary>Requests of any kind, cut off ones included.</summary>
    public long Requests { get; init; }

    /// <summary>Meter events accepted.</summary>
    public long Accepted { get; init; }

    /// <summary>Of them, cancelled later.</summary>
    public long Cancelled { get; init; }

    /// <summary>Of them, failed later.</summary>
    public long FailedAsync { get; init; }

    /// <summary>Refused because their identifier was taken.</summary>
    public long Duplicates { get; init; }

    /// <summary>Requests that no correct client sends; <see cref="FakeStripe.ContractViolations"/> has their text.</summary>
    public long ContractViolations { get; init; }

    /// <summary>A second call for a customer and meter while the first was being carried out.</summary>
    public long ConcurrencyConflicts { get; init; }

    /// <summary>A second call under an idempotency key while the first was being carried out.</summary>
    public long KeyConflicts { get; init; }

    /// <summary>An idempotency key that came with other parameters than before.</summary>
    public long KeyMismatches { get; init; }

    /// <summary>Answers that were given again for a known key.</summary>
    public long Replays { get; init; }

    /// <summary>Idempotency keys forgotten before their time, because there were too many.</summary>
    public long KeysForgotten { get; init; }

    /// <summary>Requests refused by the limit of <see cref="StripeSettings.RequestsPerSecond"/>, faults not counted.</summary>
    public long RateLimited { get; init; }

    /// <summary>Faults of the plan that were carried out.</summary>
    public long Faults { get; init; }

    /// <summary>Meter events refused because the simulator holds no more.</summary>
    public long Overflowed { get; init; }
}
