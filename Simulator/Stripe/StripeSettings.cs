namespace Orchestrator.Simulator.Stripe;

/// <summary>What happens to an event that names something unknown.</summary>
public enum UnknownName
{
    /// <summary>Status 400 at once.</summary>
    Refuse,
    /// <summary>Status 200, and an error report later.</summary>
    Report,
    /// <summary>It is made on the spot: for load, where seeding would be a chore.</summary>
    Accept,
}

/// <summary>How the fake behaves when nothing is wrong; may be exchanged at any time.</summary>
public sealed record StripeSettings
{
    /// <summary>How long every request takes before it is carried out, on the simulator's clock. Default: no time.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>How long after its receipt an event shows in summaries, on the virtual clock. Default: at once.</summary>
    public TimeSpan SummaryLag { get; init; }

    /// <summary>What becomes of events for a customer that is none. Default: refused.</summary>
    public UnknownName UnknownCustomers { get; init; }

    /// <summary>What becomes of events whose name belongs to no meter; <see cref="UnknownName.Accept"/> makes one that sums. Default: refused.</summary>
    public UnknownName UnknownMeters { get; init; }

    /// <summary>Requests per second and account beyond which status 429 is answered, on the simulator's clock. Default: no limit.</summary>
    public int? RequestsPerSecond { get; init; }

    /// <summary>How many failed events an error report names at most per kind of error, whatever their number. Default: 5.</summary>
    public int SampleErrors { get; init; } = 5;
}
