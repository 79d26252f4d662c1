using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>A session's account, and the rows that it was read from.</summary>
internal sealed record AccountRow(
    int Place, Guid Session, bool IsOurs, IReadOnlyList<TenantId> Path, IReadOnlyList<RunRow> Runs, IReadOnlyList<MeterRow> Meters, bool HasHold, long BlindMs,
    SessionAccount Account);

/// <summary>A run's row.</summary>
internal sealed record RunRow(
    Guid Session, long Id, int Run, int Epoch, Guid Tenant, long MarkMs, long LedgeredMs, long SettledMs, bool IsClosed, long BlindMs);

/// <summary>What a settlement locks and reads: the wallets first, so that no run is locked while another tenant's wallet is waited for.</summary>
internal sealed class AccountRows
{
    private readonly Dictionary<Guid, SessionRow> _sessions = [];
    private readonly Dictionary<Guid, List<RunRow>> _runs = [];
    private readonly Dictionary<Guid, HoldRow> _holds = [];
    private ILookup<Guid, MeterRow> _meters = Enumerable.Empty<MeterRow>().ToLookup(meter => meter.Session);

    private sealed record SessionRow(Guid Id, TenantId[] Path, string Model, int Epoch, bool IsOver);

    private sealed record HoldRow(Hold Hold, bool IsDue);

    /// <summary>The wallets on the paths of all sessions.</summary>
    public Dictionary<TenantId, LockedWallet> Wallets { get; } = [];

    /// <summary>What was used by response and is not charged yet.</summary>
    public IEnumerable<MeterRow> Meters => _meters.SelectMany(meters => meters);

    /// <summary>The runs that may be settled.</summary>
    public IEnumerable<long> Runs => _runs.Values.SelectMany(runs => runs).Select(run => run.Id);

    /// <summary>
    /// Whose price now is asked for: what a run will cost that has no row yet matters to sessions that are held and have none open.
    /// </summary>
    public IReadOnlyList<(TenantId Tenant, string Model)> Unlocked =>
        [.. _sessions.Values.Where(IsBetweenRuns).SelectMany(session => Limiting(session).Select(tenant => (tenant, session.Model))).Distinct()];

    /// <summary>Locks and reads.</summary>
    public static async Task<AccountRows> ReadAsync(NpgsqlConnection connection, IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Of(due, $"""
            SELECT {LockedWallet.Columns} FROM wallet w
            WHERE w.tenant_id IN (SELECT unnest(s.path) FROM session s WHERE s.id = ANY($1))
            ORDER BY w.tenant_id FOR NO KEY UPDATE
            """));
        // Closed runs that owe, and the open one.
        batch.BatchCommands.Add(Of(due, """
            SELECT g.session_id, g.id, g.run, g.epoch, s.tenant_id, g.mark_ms, g.ledgered_ms, g.settled_ms, g.closed_at IS NOT NULL, g.blind_ms
            FROM generation g JOIN session s ON s.id = g.session_id
            WHERE g.session_id = ANY($1) AND (g.closed_at IS NULL OR (g.settled_at IS NULL AND g.payers <> '{}'))
            ORDER BY g.id FOR NO KEY UPDATE OF g
            """));
        batch.BatchCommands.Add(Of(due, """
            SELECT session_id, run, authorised_ms, wallets, held_micros, is_due FROM hold WHERE session_id = ANY($1) ORDER BY session_id FOR NO KEY UPDATE
            """));
        batch.BatchCommands.Add(Of(due, TokenMeters.Unsettled));
        // Last, so that it tells of whoever ended a session or took it while its runs were waited for.
        batch.BatchCommands.Add(Of(due, "SELECT id, path, model, epoch, ended_at IS NOT NULL FROM session WHERE id = ANY($1)"));

        var rows = new AccountRows();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.ReadAsync(reader, cancellationToken);
        return rows;
    }

    /// <summary>Whether the session has a row.</summary>
    public bool Has(SettlementDue due) => _sessions.ContainsKey(due.Session.Value);

    /// <summary>The accounts of the sessions that are there.</summary>
    /// <param name="due">What was read.</param>
    /// <param name="locked">Who is charged for each run, at the price that it locked.</param>
    /// <param name="now">What tenants pay now, for <see cref="Unlocked"/>.</param>
    /// <param name="tokens">Who is charged for each of <see cref="Meters"/>, at the price that it locked.</param>
    public List<AccountRow> Accounts(
        IReadOnlyList<SettlementDue> due, IReadOnlyDictionary<long, IReadOnlyList<KeyValuePair<TenantId, Price?>>> locked,
        IReadOnlyDictionary<(TenantId Tenant, string Model), Price?> now, ILookup<long, KeyValuePair<TenantId, TokenPrice?>> tokens)
    {
        var accounts = new List<AccountRow>(due.Count);
        var seen = new HashSet<Guid>();
        for (var place = 0; place < due.Count; place++)
        {
            if (_sessions.TryGetValue(due[place].Session.Value, out var session) && seen.Add(session.Id))
                accounts.Add(Account(place, due[place], session, locked, now, tokens));
        }

        return accounts;
    }

    private AccountRow Account(
        int place, SettlementDue due, SessionRow session, IReadOnlyDictionary<long, IReadOnlyList<KeyValuePair<TenantId, Price?>>> locked,
        IReadOnlyDictionary<(TenantId Tenant, string Model), Price?> now, ILookup<long, KeyValuePair<TenantId, TokenPrice?>> tokens)
    {
        var meters = _meters[session.Id].ToList();
        var runs = _runs.GetValueOrDefault(session.Id, []);
        var isOurs = session.Epoch == due.Epoch && !session.IsOver;
        var open = runs.Find(run => !run.IsClosed);
        // One that the caller is past is closed in a moment; its close settles it.
        var settled = isOurs && !due.TokensOnly && open is not null && open.Epoch == due.Epoch && open.Run >= due.Run ? open : null;
        var closed = runs.FindAll(run => run.IsClosed);
        var hold = _holds.GetValueOrDefault(session.Id);

        var account = new SessionAccount(
            closed.ConvertAll(run => AccountOf(run, locked[run.Id])),
            settled is null ? null : AccountOf(settled, locked[settled.Id]),
            settled is null && open is not null ? open.Run : 0,
            hold is { IsDue: true },
            hold?.Hold,
            due.Run,
            isOurs ? due.WantedMs : null,
            IsBetweenRuns(session) ? [.. Limiting(session).Select(tenant => KeyValuePair.Create(tenant, now[(tenant, session.Model)]))] : [])
        {
            Tokens = meters.ConvertAll(meter => new TokenAccount(meter.Counted, meter.Settled, [.. tokens[meter.Id]])), KeepsHold = due.TokensOnly,
        };
        return new AccountRow(place, session.Id, isOurs, session.Path, settled is null ? closed : [.. closed, settled], meters, hold is not null, due.BlindMs, account);
    }

    private static RunAccount AccountOf(RunRow run, IReadOnlyList<KeyValuePair<TenantId, Price?>> payers) =>
        new(run.Run, run.MarkMs, run.LedgeredMs, run.SettledMs, run.IsClosed, payers);

    private bool IsBetweenRuns(SessionRow session) => _holds.ContainsKey(session.Id) && !_runs.GetValueOrDefault(session.Id, []).Exists(run => !run.IsClosed);

    private IEnumerable<TenantId> Limiting(SessionRow session) =>
        session.Path.Where(tenant => Wallets.TryGetValue(tenant, out var wallet) && wallet.Balance.CreditLimit is not null);

    private async Task ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        while (await reader.ReadAsync(cancellationToken))
        {
            var wallet = LockedWallet.FromRow(reader);
            Wallets.Add(wallet.Tenant, wallet);
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var run = RunFromRow(reader);
            if (!_runs.TryGetValue(run.Session, out var runs))
                _runs.Add(run.Session, runs = []);
            runs.Add(run);
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            _holds.Add(reader.GetGuid(0), HoldFromRow(reader));

        await reader.NextResultAsync(cancellationToken);
        var meters = new List<MeterRow>();
        while (await reader.ReadAsync(cancellationToken))
            meters.Add(MeterRow.FromRow(reader));
        _meters = meters.ToLookup(meter => meter.Session);

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var session = SessionFromRow(reader);
            _sessions.Add(session.Id, session);
        }
    }

    private static RunRow RunFromRow(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetGuid(4), reader.GetInt64(5), reader.GetInt64(6),
        reader.GetInt64(7), reader.GetBoolean(8), reader.GetInt64(9));

    private static SessionRow SessionFromRow(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), [.. reader.GetFieldValue<Guid[]>(1).Select(id => new TenantId(id))], reader.GetString(2), reader.GetInt32(3), reader.GetBoolean(4));

    private static HoldRow HoldFromRow(NpgsqlDataReader reader)
    {
        var (wallets, held) = (reader.GetFieldValue<Guid[]>(3), reader.GetFieldValue<long[]>(4));
        return new HoldRow(
            new Hold(reader.GetInt32(1), reader.GetInt64(2), [.. wallets.Select((wallet, i) => KeyValuePair.Create(new TenantId(wallet), held[i]))]), reader.GetBoolean(5));
    }

    private static NpgsqlBatchCommand Of(IReadOnlyList<SettlementDue> due, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Column(due, one => one.Session.Value);
        return command;
    }
}
