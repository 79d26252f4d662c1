namespace Orchestrator.Benchmarks.Ledger;

/// <summary>What is measured of one number of live sessions, in session time.</summary>
/// <param name="Sessions">How many.</param>
/// <param name="WarmUpSeconds">Until plans are made, code is compiled and pages have found their shape.</param>
/// <param name="Seconds">How long each is measured; whole minutes, so that sessions without a wallet settle as often as they should in production.</param>
internal sealed record LedgerPlan(int Sessions, int WarmUpSeconds, int Seconds)
{
    /// <summary>The sizes that the floors are for.</summary>
    public static readonly LedgerPlan[] Full = [new(1_000, 240, 1_800), new(10_000, 30, 240), new(50_000, 15, 60)];

    /// <summary>Shows that it works.</summary>
    public static readonly LedgerPlan[] Smoke = [new(200, 15, 60)];
}
