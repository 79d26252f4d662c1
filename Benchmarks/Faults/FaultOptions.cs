namespace Orchestrator.Benchmarks.Faults;

/// <summary>How large one seed's run is.</summary>
/// <param name="Sessions">How many sessions are kept live.</param>
/// <param name="Gateways">How many processes relay them.</param>
/// <param name="Duration">How long faults go on.</param>
/// <param name="Every">How long from one fault to the next.</param>
internal sealed record FaultOptions(int Sessions, int Gateways, TimeSpan Duration, TimeSpan Every)
{
    /// <summary>As the command line says it.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"--minutes {Duration.TotalMinutes:0.##} --sessions {Sessions} --every {Every.TotalSeconds:0.##}");
}
