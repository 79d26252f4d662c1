using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Step 9: ledger ranges, wallets and holds in one transaction: what is locked is read, worked out by
/// <see cref="SettlementPolicy"/>, and written at once. What makes a repetition harmless is what the rows say is settled.
/// </summary>
public sealed class BillingStore : IBillingStore
{
    private const string Unsettled = """
        SELECT g.session_id FROM generation g WHERE g.closed_at IS NOT NULL AND g.settled_at IS NULL AND g.payers <> '{}'
        UNION SELECT h.session_id FROM hold h WHERE h.is_due
        UNION SELECT m.session_id FROM token_meter m WHERE m.settled <> m.counted AND m.payers <> '{}'
        """;

    private readonly Database _database;
    private readonly PriceCache _prices = new();
    private readonly RunPrices _runs;

    /// <summary>Takes the database.</summary>
    public BillingStore(Database database) => (_database, _runs) = (database, new RunPrices(_prices));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Settlement>> SettleAsync(IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken)
    {
        await using var connection = await _database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var answers = await SettleAsync(connection, due, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answers;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SettlementDue>> FindClosedAsync(TenantId root, int limit, CancellationToken cancellationToken)
    {
        await using var command = _database.Source.CreateCommand(
            $"SELECT s.id FROM session s JOIN ({Unsettled}) u ON u.session_id = s.id WHERE s.path[1] = $1 ORDER BY s.id LIMIT $2");
        command.Parameters.Value(root.Value).Value(limit);
        // Under no epoch at all, so that open runs are left to whoever holds them.
        return await command.ListAsync(reader => new SettlementDue(new(reader.GetGuid(0)), Epoch: 0, Run: 0, WantedMs: null, BlindMs: 0, TokensOnly: true), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TenantId>> FindUnsettledAsync(CancellationToken cancellationToken)
    {
        await using var command = _database.Source.CreateCommand($"SELECT DISTINCT s.path[1] FROM session s JOIN ({Unsettled}) u ON u.session_id = s.id");
        var roots = new List<TenantId>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            roots.Add(new TenantId(reader.GetGuid(0)));
        return roots;
    }

    /// <inheritdoc/>
    public bool IsPermanent(Exception exception) => exception is PostgresException { SqlState: ['2', '2' or '3', ..] } or OverflowException;

    private async Task<IReadOnlyList<Settlement>> SettleAsync(NpgsqlConnection connection, IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken)
    {
        var rows = await AccountRows.ReadAsync(connection, due, cancellationToken);
        var locked = await _runs.LoadAsync(connection, rows.Runs, cancellationToken);
        var now = await _prices.NowAsync(connection, rows.Unlocked, cancellationToken);

        var tree = new WalletTree(rows.Wallets.Values.Select(wallet => KeyValuePair.Create(wallet.Tenant, wallet.Balance)));
        var accounts = rows.Accounts(due, locked, now, await TokenMeters.PayersAsync(connection, rows.Meters, cancellationToken));
        var plans = SettlementPolicy.Plan([.. accounts.Select(account => account.Account)], tree);

        await using var batch = new NpgsqlBatch(connection);
        AccountWrites.Add(batch, accounts, plans, tree);
        if (batch.BatchCommands.Count > 0)
            await batch.ExecuteNonQueryAsync(cancellationToken);

        var answers = new Settlement[due.Count];
        // One that is named twice is asked about once; one without a row is gone.
        Array.Fill(answers, new Settlement(SettlementStatus.NotYet, 0, null));
        foreach (var place in Enumerable.Range(0, due.Count).Where(place => !rows.Has(due[place])))
            answers[place] = new Settlement(SettlementStatus.Gone, 0, null);
        for (var i = 0; i < accounts.Count; i++)
            answers[accounts[i].Place] = Answer(accounts[i], plans[i], rows) with { IsSpent = accounts[i].Path.Any(tree.IsSpent) };
        return answers;
    }

    private static Settlement Answer(AccountRow row, SessionPlan plan, AccountRows rows)
    {
        if (!row.IsOurs)
            return new Settlement(SettlementStatus.Gone, 0, null);
        if (plan.IsDeferred)
            return new Settlement(SettlementStatus.NotYet, 0, null);

        var limiting = row.Path.Where(rows.Wallets.ContainsKey).Select(tenant => rows.Wallets[tenant]).Where(wallet => wallet.Balance.CreditLimit is not null).ToList();
        var terms = plan.Hold is { } hold && limiting.Count > 0 ? new HoldTerms(hold.AuthorisedMs, LockedWallet.BlindOf(limiting)) : null;
        return new Settlement(SettlementStatus.Settled, row.Account.Open?.SettleTo ?? 0, terms);
    }
}
