namespace Orchestrator.Simulator.Stripe;

/// <summary>How the fake Stripe of a simulator is set up. The defaults suit a test.</summary>
public sealed record StripeOptions
{
    /// <summary>The account that is there from the start.</summary>
    public const string DefaultAccount = "acct_simulator";

    /// <summary>Its key: a constant, so that examples can name it.</summary>
    public const string DefaultKey = "sk_test_simulator";

    /// <summary>The key of <see cref="DefaultAccount"/>.</summary>
    public string Key { get; init; } = DefaultKey;

    /// <summary>The largest request body in bytes; a larger one is refused. Default: 64 KiB.</summary>
    public int MaxBodyBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// How many meter events are kept. One more is answered with status 500 and counted: an oracle that forgot the oldest would
    /// be wrong without a word. Default: 2,000,000, which is about 280 MB.
    /// </summary>
    public int MaxEvents { get; init; } = 2_000_000;

    /// <summary>How many idempotency keys are kept; beyond it the oldest is forgotten early, and counted. Default: 250,000.</summary>
    public int MaxIdempotencyKeys { get; init; } = 250_000;

    /// <summary>How many of the newest requests the log keeps. Default: 100,000.</summary>
    public int MaxRequests { get; init; } = 100_000;

    /// <summary>How many contract violations are kept with their text; all are counted. Default: 1,000.</summary>
    public int MaxViolations { get; init; } = 1_000;

    /// <summary>How many events for webhooks are kept. Default: 10,000.</summary>
    public int MaxNotifications { get; init; } = 10_000;
}
