namespace Orchestrator.Benchmarks.Relay;

/// <summary>How much is measured.</summary>
/// <param name="Rounds">How often every row is measured.</param>
/// <param name="FirstWarmUp">How long a row runs once, before the first round.</param>
/// <param name="WarmUp">How long a row runs in each round before it counts.</param>
/// <param name="Measure">How long it counts.</param>
/// <param name="Clients">Closed-loop clients, and how many sessions are set up at a time.</param>
/// <param name="IdleSessions">Sessions that lie still while memory is looked at.</param>
/// <param name="SetUps">Sessions that are set up against the clock.</param>
/// <param name="Settle">How long a process is left alone before its memory is looked at.</param>
/// <param name="HasFloors">Whether figures below a floor fail the run.</param>
/// <param name="MayInstall">Whether missing peers are installed.</param>
internal sealed record RelayPlan(
    int Rounds, TimeSpan FirstWarmUp, TimeSpan WarmUp, TimeSpan Measure, int Clients, int IdleSessions, int SetUps, TimeSpan Settle, bool HasFloors, bool MayInstall)
{
    /// <summary>What the issue asks for.</summary>
    public static RelayPlan Full { get; } = new(
        Rounds: 7, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2.5),
        Clients: 50, IdleSessions: 3_000, SetUps: 3_000, TimeSpan.FromSeconds(4), HasFloors: true, MayInstall: true);

    /// <summary>Enough to see every part at work.</summary>
    public static RelayPlan Smoke { get; } = new(
        Rounds: 1, TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.3),
        Clients: 10, IdleSessions: 50, SetUps: 50, TimeSpan.FromSeconds(0.5), HasFloors: false, MayInstall: false);
}
