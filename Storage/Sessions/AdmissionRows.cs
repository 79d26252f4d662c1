using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Storage.Sessions;

/// <summary>
/// Step 4: what admission locks and reads, in this order: the limited tenants, so that claims of several processes under one limit go
/// one after the other; the limiting wallets; then how many sessions live below each limit. Claims without a limit lock nothing.
/// </summary>
internal sealed class AdmissionRows
{
    private readonly Dictionary<TenantId, LockedWallet> _wallets = [];
    private readonly Dictionary<(TenantId Tenant, string Model), long?> _prices = [];
    private readonly Dictionary<Guid, int> _live = [];
    private readonly Dictionary<Guid, long?> _repeated = [];

    /// <summary>Every price version that is referred to.</summary>
    public IEnumerable<long?> PriceVersions => _prices.Values;

    /// <summary>What each limiting wallet has left.</summary>
    public IReadOnlyDictionary<TenantId, long> Available => _wallets.ToDictionary(wallet => wallet.Key, wallet => wallet.Value.Balance.Available!.Value);

    /// <summary>Locks and reads.</summary>
    public static async Task<AdmissionRows> ReadAsync(NpgsqlConnection connection, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken)
    {
        var limited = claims.SelectMany(claim => claim.Request.Limits).Select(limit => limit.Tenant.Value).Distinct().ToArray();
        await using var batch = new NpgsqlBatch(connection);
        if (limited.Length > 0)
            batch.BatchCommands.Add(Of("SELECT id FROM tenant WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", limited));
        batch.BatchCommands.Add(Of(
            $"SELECT {LockedWallet.Columns} FROM wallet w WHERE w.tenant_id = ANY($1) AND w.credit_limit_micros IS NOT NULL ORDER BY w.tenant_id FOR NO KEY UPDATE",
            [.. claims.SelectMany(claim => claim.Request.Path).Distinct().Select(tenant => tenant.Value)]));
        batch.BatchCommands.Add(Prices(claims));
        batch.BatchCommands.Add(Of(
            "SELECT s.id, h.authorised_ms FROM session s LEFT JOIN hold h ON h.session_id = s.id WHERE s.id = ANY($1)", [.. claims.Select(claim => claim.Session.Value)]));
        if (limited.Length > 0)
        {
            batch.BatchCommands.Add(Of("""
                SELECT l.id, count(s.id)::integer
                FROM unnest($1::uuid[]) AS l (id)
                LEFT JOIN tenant t ON t.path @> ARRAY[l.id]
                LEFT JOIN session s ON s.tenant_id = t.id AND s.ended_at IS NULL
                GROUP BY l.id
                """, limited));
        }

        var rows = new AdmissionRows();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (limited.Length > 0)
            await reader.NextResultAsync(cancellationToken);
        await rows.ReadAsync(reader, cancellationToken);
        return rows;
    }

    /// <summary>Whether the session has its row already, and with it its place and its hold.</summary>
    public bool IsRepeated(SessionId session) => _repeated.ContainsKey(session.Value);

    /// <summary>The limits on the paths of the claims, and how far each is used.</summary>
    public IReadOnlyList<ConcurrencyLimit> Limits(IReadOnlyList<SessionClaim> claims) =>
        [.. claims.SelectMany(claim => claim.Request.Limits).DistinctBy(limit => limit.Tenant)
            .Select(limit => new ConcurrencyLimit(limit.Tenant, _live.GetValueOrDefault(limit.Tenant.Value), limit.MaxSessions))];

    /// <summary>What each claim asks for.</summary>
    public IReadOnlyList<AdmissionRequest> Requests(IReadOnlyList<SessionClaim> claims, Func<long?, Price?> price) =>
        [.. claims.Select(claim => IsRepeated(claim.Session) ? new AdmissionRequest([], []) : new AdmissionRequest(claim.Request.Path, Levels(claim, price)))];

    /// <summary>What a session that was admitted may generate: what is held now, or was when it was claimed first.</summary>
    public HoldTerms? Terms(SessionClaim claim, HoldDecision? hold) =>
        (hold?.AuthorisedMs ?? _repeated.GetValueOrDefault(claim.Session.Value)) is { } authorised
            ? new HoldTerms(authorised, LockedWallet.BlindOf(claim.Request.Path.Where(_wallets.ContainsKey).Select(tenant => _wallets[tenant])))
            : null;

    private List<HoldLevel> Levels(SessionClaim claim, Func<long?, Price?> price) =>
        [.. claim.Request.Path.Where(_wallets.ContainsKey)
            .Select(tenant => (Tenant: tenant, Price: price(_prices.GetValueOrDefault((tenant, claim.Request.Model)))))
            .Where(level => level.Price is not null)
            .Select(level => new HoldLevel(level.Tenant, level.Price!))];

    private async Task ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        while (await reader.ReadAsync(cancellationToken))
        {
            var wallet = LockedWallet.FromRow(reader);
            _wallets.Add(wallet.Tenant, wallet);
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            _prices[(new TenantId(reader.GetGuid(0)), reader.GetString(1))] = reader.Number(2);

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            _repeated.Add(reader.GetGuid(0), reader.Number(1));

        if (await reader.NextResultAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                _live.Add(reader.GetGuid(0), reader.GetInt32(1));
        }
    }

    private static NpgsqlBatchCommand Prices(IReadOnlyList<SessionClaim> claims)
    {
        var pairs = claims.SelectMany(claim => claim.Request.Path.Select(tenant => (Tenant: tenant.Value, claim.Request.Model))).Distinct().ToList();
        var command = new NpgsqlBatchCommand("""
            SELECT p.tenant_id, p.model, price_at(p.tenant_id, p.model, clock_timestamp())
            FROM unnest($1::uuid[], $2::text[]) AS p (tenant_id, model)
            JOIN wallet w ON w.tenant_id = p.tenant_id AND w.credit_limit_micros IS NOT NULL
            """);
        command.Parameters.Column(pairs, pair => pair.Tenant).Column(pairs, pair => pair.Model);
        return command;
    }

    private static NpgsqlBatchCommand Of(string sql, Guid[] ids)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Value(ids);
        return command;
    }
}
