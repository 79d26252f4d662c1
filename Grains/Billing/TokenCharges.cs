using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// Step 9 for tokens: what responses used is charged as soon as it stands in the books, and a session that nobody can pay for any
/// more is ended. Nothing is held for tokens, since nobody knows what a response will use: a wallet is overrun by the responses under
/// way when it is spent.
/// </summary>
public sealed class TokenCharges(Settlements settlements, SessionRegistry sessions, BillingMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Rows of this session were written. Never fails; sessions of a tree that come together are charged together.</summary>
    public void Recorded(SessionOwnership ownership) => _ = Background.RunAsync(() => ChargeAsync(ownership));

    private async Task ChargeAsync(SessionOwnership ownership)
    {
        var due = new SettlementDue(ownership.Session, ownership.Epoch, Run: 0, WantedMs: null, BlindMs: 0, TokensOnly: true);
        while (true)
        {
            try
            {
                var answer = await settlements.SettleAsync(ownership.Root, due);
                if (answer.IsSpent && sessions.TryGet(ownership.Session, out var relay))
                    relay.Post(new SessionEvent.CloseRequested(CloseCode.InsufficientCredits));
                return;
            }
#pragma warning disable CA1031 // Nobody could be asked. The rows say what is owed, and any process charges it; this one has a session to end.
            catch (Exception)
#pragma warning restore CA1031
            {
                metrics.SettlementFailed();
            }

            if (!sessions.TryGet(ownership.Session, out _))
                return;
            await Task.Delay(RetryDelay, time);
        }
    }
}
