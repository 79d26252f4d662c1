using Orchestrator.Simulator.Demo.Dialects;

namespace Orchestrator.Simulator.Demo;

/// <summary>Where the demo plays.</summary>
internal sealed record DemoOptions
{
    /// <summary>The gateway.</summary>
    public required Uri Gateway { get; init; }

    /// <summary>The simulator behind it, whose fake Stripe it exports to.</summary>
    public required Uri Simulator { get; init; }

    /// <summary>Simulators of other gateways on the same database; any of them may send a batch.</summary>
    public IReadOnlyList<Uri> OtherSimulators { get; init; } = [];

    /// <summary>The file with the key of the tenant that opens the session.</summary>
    public required FileInfo KeyFile { get; init; }

    /// <summary>The file with the key of the tenant above it; without one the story ends with the session's own charge.</summary>
    public FileInfo? ResellerKeyFile { get; init; }

    /// <summary>The operator's program and its first arguments; empty: nobody asks what the platform pays.</summary>
    public IReadOnlyList<string> Operator { get; init; } = [];

    /// <summary>What the end user's client speaks.</summary>
    public IDemoDialect Dialect { get; init; } = DemoDialects.All[0];

    /// <summary>How long the whole demo may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);
}
