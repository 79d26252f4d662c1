using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// The money of one tree. It keeps nothing between two calls: the rows tell all, under the locks of its wallets, so another
/// process that asks the same of the same tree at once waits its turn. What it adds is order: one transaction of a tree at a
/// time in a cluster, of as many sessions as gathered meanwhile.
/// </summary>
public partial class BillingGrain(
    IGrainLife life, ISessionClaimStore claimStore, IBillingStore store, BillingMetrics metrics, TimeProvider time, ILogger<BillingGrain> logger) : IBillingGrain
{
    /// <summary>How many sessions that are over are settled in one transaction.</summary>
    public const int ClosedBatch = 500;

    /// <summary>How long a transaction may take; afterwards its outcome is unknown.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(4);

    private readonly TenantId _root = new(Guid.ParseExact(life.Key, "N"));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Admission>> AdmitAsync(long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken)
    {
        try
        {
            return await InTimeAsync(token => claimStore.AdmitAsync(process, claims, token), cancellationToken);
        }
        catch (Exception exception) when (claims.Count > 1 && claimStore.IsPermanent(exception))
        {
            // The database was reached and dislikes what one of them says. Each alone, so that nobody pays for another.
            var answers = new List<Admission>(claims.Count);
            foreach (var claim in claims)
                answers.AddRange(await AdmitAsync(process, [claim], cancellationToken));
            return answers;
        }
        catch (Exception exception) when (claimStore.IsPermanent(exception))
        {
            LogClaimRefused(exception, claims[0].Session);
            return [new Admission(CloseCode.StorageUnavailable, null)];
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Settlement>> SettleAsync(IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken)
    {
        try
        {
            return await InTimeAsync(token => store.SettleAsync(due, token), cancellationToken);
        }
        catch (Exception exception) when (due.Count > 1 && store.IsPermanent(exception))
        {
            LogBatchFailed(exception, due.Count);
            var answers = new List<Settlement>(due.Count);
            foreach (var one in due)
                answers.AddRange(await SettleAsync([one], cancellationToken));
            return answers;
        }
        catch (Exception exception) when (store.IsPermanent(exception))
        {
            // Its mark is durable; the ledger follows later, or with a person who looks.
            metrics.SettlementQuarantined();
            LogQuarantined(exception, due[0].Session);
            return [new Settlement(SettlementStatus.Failed, 0, null)];
        }
    }

    /// <inheritdoc/>
    public async Task<int> SettleClosedAsync(CancellationToken cancellationToken)
    {
        var due = await InTimeAsync(token => store.FindClosedAsync(_root, ClosedBatch, token), cancellationToken);
        return due.Count == 0 ? 0 : (await SettleAsync(due, cancellationToken)).Count(settlement => settlement.Status is not SettlementStatus.Failed);
    }

    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> transaction, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        return await transaction(either.Token);
    }

    [LoggerMessage(1221, LogLevel.Error, "Session {Session} cannot be claimed as it was asked for and is refused")]
    private partial void LogClaimRefused(Exception exception, SessionId session);

    [LoggerMessage(1222, LogLevel.Warning, "A settlement of {Sessions} sessions failed; each is now settled apart")]
    private partial void LogBatchFailed(Exception exception, int sessions);

    [LoggerMessage(1223, LogLevel.Error, "Session {Session} cannot be settled; its mark is kept")]
    private partial void LogQuarantined(Exception exception, SessionId session);
}
