using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>A session's account, and the rows that it was read from.</summary>
internal sealed record AccountRow(int Place, Guid Session, bool IsOurs, IReadOnlyList<TenantId> Path, IReadOnlyList<RunRow> Runs, bool HasHold, long BlindMs, SessionAccount Account);

/// <summary>A run's row.</summary>
internal sealed record RunRow(
    Guid Session, long Id, int Run, int Epoch, Guid Tenant, long MarkMs, long LedgeredMs, long SettledMs, bool IsClosed, long BlindMs, Guid[] Payers, long?[] Prices);

/// <summary>What a settlement locks and reads: the wallets first, so that no run is locked while another tenant's wallet is waited for.</summary>
internal sealed class AccountRows
{
    private readonly Dictionary<Guid, SessionRow> _sessions = [];
    private readonly Dictionary<Guid, List<RunRow>> _runs = [];
    private readonly Dictionary<Guid, HoldRow> _holds = [];

    private sealed record SessionRow(Guid Id, TenantId[] Path, string Model, int Epoch, bool IsOver, Guid[] Payers, long?[] Prices);

    private sealed record HoldRow(Hold Hold, bool IsDue);

    /// <summary>The wallets on the paths of all sessions.</summary>
    public Dictionary<TenantId, LockedWallet> Wallets { get; } = [];

    /// <summary>Every price version that is referred to.</summary>
    public IEnumerable<long?> PriceVersions => _sessions.Values.SelectMany(session => session.Prices).Concat(_runs.Values.SelectMany(runs => runs).SelectMany(run => run.Prices));

    /// <summary>Locks and reads.</summary>
    public static async Task<AccountRows> ReadAsync(NpgsqlConnection connection, IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Of(due, $"""
            SELECT {LockedWallet.Columns} FROM wallet w
            WHERE w.tenant_id IN (SELECT unnest(s.path) FROM session s WHERE s.id = ANY($1))
            ORDER BY w.tenant_id FOR NO KEY UPDATE
            """));
        // Closed runs that owe, and the open one. The prices of a run stand in the order of those who pay them.
        batch.BatchCommands.Add(Of(due, """
            SELECT g.session_id, g.id, g.run, g.epoch, s.tenant_id, g.mark_ms, g.ledgered_ms, g.settled_ms, g.closed_at IS NOT NULL, g.blind_ms, g.payers,
                   ARRAY(SELECT p.price_version_id FROM unnest(g.payers) WITH ORDINALITY AS u (id, place)
                         LEFT JOIN generation_price p ON p.generation_id = g.id AND p.tenant_id = u.id ORDER BY u.place)
            FROM generation g JOIN session s ON s.id = g.session_id
            WHERE g.session_id = ANY($1) AND (g.closed_at IS NULL OR (g.settled_at IS NULL AND g.payers <> '{}'))
            ORDER BY g.id FOR NO KEY UPDATE OF g
            """));
        batch.BatchCommands.Add(Of(due, """
            SELECT session_id, run, authorised_ms, wallets, held_micros, is_due FROM hold WHERE session_id = ANY($1) ORDER BY session_id FOR NO KEY UPDATE
            """));
        // What a run will cost that has no row yet matters only to sessions that are held.
        batch.BatchCommands.Add(Of(due, """
            SELECT s.id, s.path, s.model, s.epoch, s.ended_at IS NOT NULL, coalesce(h.tenants, '{}'), coalesce(h.prices, '{}')
            FROM session s
            LEFT JOIN LATERAL (
              SELECT array_agg(w.tenant_id ORDER BY w.tenant_id) AS tenants, array_agg(price_at(w.tenant_id, s.model, clock_timestamp()) ORDER BY w.tenant_id) AS prices
              FROM wallet w
              WHERE w.tenant_id = ANY(s.path) AND w.credit_limit_micros IS NOT NULL AND EXISTS (SELECT FROM hold WHERE session_id = s.id)
                AND NOT EXISTS (SELECT FROM generation g WHERE g.session_id = s.id AND g.closed_at IS NULL)
            ) AS h ON true
            WHERE s.id = ANY($1)
            """));

        var rows = new AccountRows();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.ReadAsync(reader, cancellationToken);
        return rows;
    }

    /// <summary>Whether the session has a row.</summary>
    public bool Has(SettlementDue due) => _sessions.ContainsKey(due.Session.Value);

    /// <summary>The accounts of the sessions that are there.</summary>
    public List<AccountRow> Accounts(IReadOnlyList<SettlementDue> due, Func<long?, Price?> price)
    {
        var accounts = new List<AccountRow>(due.Count);
        var seen = new HashSet<Guid>();
        for (var place = 0; place < due.Count; place++)
        {
            if (_sessions.TryGetValue(due[place].Session.Value, out var session) && seen.Add(session.Id))
                accounts.Add(Account(place, due[place], session, price));
        }

        return accounts;
    }

    private AccountRow Account(int place, SettlementDue due, SessionRow session, Func<long?, Price?> price)
    {
        var runs = _runs.GetValueOrDefault(session.Id, []);
        var isOurs = session.Epoch == due.Epoch && !session.IsOver;
        var open = runs.Find(run => !run.IsClosed);
        // One that the caller is past is closed in a moment; its close settles it.
        var settled = isOurs && open is not null && open.Epoch == due.Epoch && open.Run >= due.Run ? open : null;
        var closed = runs.FindAll(run => run.IsClosed);
        var hold = _holds.GetValueOrDefault(session.Id);

        var account = new SessionAccount(
            closed.ConvertAll(run => AccountOf(run, price)),
            settled is null ? null : AccountOf(settled, price),
            settled is null && open is not null ? open.Run : 0,
            hold is { IsDue: true },
            hold?.Hold,
            due.Run,
            isOurs ? due.WantedMs : null,
            Priced(session.Payers, session.Prices, price));
        return new AccountRow(place, session.Id, isOurs, session.Path, settled is null ? closed : [.. closed, settled], hold is not null, due.BlindMs, account);
    }

    private static RunAccount AccountOf(RunRow run, Func<long?, Price?> price) =>
        new(run.Run, run.MarkMs, run.LedgeredMs, run.SettledMs, run.IsClosed, Priced(run.Payers, run.Prices, price));

    private static IReadOnlyList<KeyValuePair<TenantId, Price?>> Priced(Guid[] tenants, long?[] versions, Func<long?, Price?> price) =>
        [.. tenants.Select((tenant, i) => KeyValuePair.Create(new TenantId(tenant), price(versions[i])))];

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
        while (await reader.ReadAsync(cancellationToken))
        {
            var session = SessionFromRow(reader);
            _sessions.Add(session.Id, session);
        }
    }

    private static RunRow RunFromRow(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetGuid(4), reader.GetInt64(5), reader.GetInt64(6),
        reader.GetInt64(7), reader.GetBoolean(8), reader.GetInt64(9), reader.GetFieldValue<Guid[]>(10), reader.GetFieldValue<long?[]>(11));

    private static SessionRow SessionFromRow(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), [.. reader.GetFieldValue<Guid[]>(1).Select(id => new TenantId(id))], reader.GetString(2), reader.GetInt32(3), reader.GetBoolean(4),
        reader.GetFieldValue<Guid[]>(5), reader.GetFieldValue<long?[]>(6));

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
