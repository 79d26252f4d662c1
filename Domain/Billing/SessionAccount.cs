using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing;

/// <summary>What is held for a session.</summary>
/// <param name="Run">The run that it is for, or the next one.</param>
/// <param name="AuthorisedMs">What that run may generate.</param>
/// <param name="Held">What it holds of each wallet.</param>
public sealed record Hold(int Run, long AuthorisedMs, IReadOnlyList<KeyValuePair<TenantId, long>> Held)
{
    /// <summary>Nothing held, for the run to come.</summary>
    public static Hold None(int run) => new(run, 0, []);
}

/// <summary>A session between its runs, its hold and the wallets above it, as its locked rows tell.</summary>
/// <param name="Closed">Runs that are closed and still owe.</param>
/// <param name="Open">The run that counts now and is the caller's to settle.</param>
/// <param name="OtherOpenRun">A run that is open and that the caller may not settle now: it is somebody else's, or about to be closed; 0 for none.</param>
/// <param name="IsOver">The session has ended.</param>
/// <param name="Hold">What is held for it; null when it lives without.</param>
/// <param name="WantedRun">The run that wants more, or 0.</param>
/// <param name="WantedMs">What that run wants to be allowed in all.</param>
/// <param name="PricesNow">What the tenants above it pay now, for a run that has locked no price yet.</param>
public sealed record SessionAccount(
    IReadOnlyList<RunAccount> Closed,
    RunAccount? Open,
    int OtherOpenRun,
    bool IsOver,
    Hold? Hold,
    int WantedRun,
    long? WantedMs,
    IReadOnlyList<KeyValuePair<TenantId, Price?>> PricesNow)
{
    /// <summary>What its responses used and the wallets were not charged for.</summary>
    public IReadOnlyList<TokenAccount> Tokens { get; init; } = [];

    /// <summary>Nothing but tokens is settled, unless a closed run owes something: its hold stays as it is.</summary>
    public bool KeepsHold { get; init; }
}

/// <summary>What becomes of a session's account.</summary>
/// <param name="Hold">Its hold from now on; null when it has none, or gives it up.</param>
/// <param name="IsDeferred">It wants a hold for a run while an earlier one is still open in the books.</param>
public sealed record SessionPlan(Hold? Hold, bool IsDeferred);
