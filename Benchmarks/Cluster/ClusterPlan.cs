namespace Orchestrator.Benchmarks.Cluster;

/// <summary>How much is measured.</summary>
/// <param name="Sizes">How many silos each cluster has; the first is what the others are compared with.</param>
/// <param name="Rounds">How often each cluster is measured.</param>
/// <param name="Sessions">Live sessions, spread over the silos of a cluster; a number that every size divides.</param>
/// <param name="MessagesPerSecond">What all clients together send, whatever comes back.</param>
/// <param name="Concurrency">How many sessions are opened at a time.</param>
/// <param name="WarmUp">How long each cluster carries the load once, before the first round.</param>
/// <param name="Idle">How long silos are looked at that have no session.</param>
/// <param name="Settle">How long a change of load lies back before it is looked at.</param>
/// <param name="Window">How long silos are looked at with sessions, without messages and with them.</param>
/// <param name="HasFloors">Whether figures beyond their bound fail the run.</param>
internal sealed record ClusterPlan(
    IReadOnlyList<int> Sizes, int Rounds, int Sessions, int MessagesPerSecond, int Concurrency,
    TimeSpan WarmUp, TimeSpan Idle, TimeSpan Settle, TimeSpan Window, bool HasFloors)
{
    /// <summary>What the issue asks for. A window is as long as a hold, so that each session renews its hold once within it.</summary>
    public static ClusterPlan Full { get; } = new(
        Sizes: [1, 2, 3], Rounds: 5, Sessions: 900, MessagesPerSecond: 3_600, Concurrency: 30,
        WarmUp: TimeSpan.FromSeconds(20), Idle: TimeSpan.FromSeconds(6), Settle: TimeSpan.FromSeconds(2), Window: TimeSpan.FromSeconds(10), HasFloors: true);

    /// <summary>Enough to see every part at work.</summary>
    public static ClusterPlan Smoke { get; } = new(
        Sizes: [1, 2], Rounds: 1, Sessions: 20, MessagesPerSecond: 200, Concurrency: 10,
        WarmUp: TimeSpan.FromSeconds(0.5), Idle: TimeSpan.FromSeconds(0.5), Settle: TimeSpan.FromSeconds(0.2), Window: TimeSpan.FromSeconds(1), HasFloors: false);
}
