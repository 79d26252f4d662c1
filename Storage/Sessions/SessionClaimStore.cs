using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Storage.Sessions;

/// <summary>Steps 3 and 4: rows of new sessions. What makes a repeated claim harmless is the primary key of <c>session</c>.</summary>
public sealed class SessionClaimStore(Database database) : ISessionClaimStore
{
    private readonly PriceCache _prices = new();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Admission>> AdmitAsync(long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        var standing = await AdmissionRows.ReadAsync(connection, claims, cancellationToken);
        await _prices.LoadAsync(connection, standing.PriceVersions, cancellationToken);
        var decisions = AdmissionPolicy.Decide(standing.Requests(claims, _prices.Find), standing.Limits(claims), standing.Available);
        var inserted = await InsertAsync(connection, process, claims, decisions, standing, cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        return [.. claims.Select((claim, i) => decisions[i].Refused is { } refused ? new Admission(refused, null)
            : !inserted.Contains(claim.Session.Value) ? new Admission(CloseCode.StorageUnavailable, null)
            : new Admission(null, standing.Terms(claim, decisions[i].Hold)))];
    }

    /// <inheritdoc/>
    public bool IsPermanent(Exception exception) => exception is PostgresException { SqlState: ['2', '2', ..] };

    private static async Task<HashSet<Guid>> InsertAsync(
        NpgsqlConnection connection, long process, IReadOnlyList<SessionClaim> all, IReadOnlyList<AdmissionDecision> decisions, AdmissionRows standing,
        CancellationToken cancellationToken)
    {
        var inserted = new HashSet<Guid>();
        var claims = all.Where((_, i) => decisions[i].Refused is null).ToList();
        if (claims.Count == 0)
            return inserted;

        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Insert(process, claims));
        var holds = all.Select((claim, i) => (claim.Session, decisions[i].Hold)).Where(hold => hold.Hold is not null && !standing.IsRepeated(hold.Session)).ToList();
        if (holds.Count > 0)
            batch.BatchCommands.Add(Hold(process, [.. holds.Select(hold => (hold.Session.Value, hold.Hold!))]));
        var select = new NpgsqlBatchCommand("SELECT id FROM session WHERE id = ANY($1) AND owner = $2");
        select.Parameters.Column(claims, claim => claim.Session.Value).Value(process);
        batch.BatchCommands.Add(select);

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            inserted.Add(reader.GetGuid(0));
        return inserted;
    }

    private static NpgsqlBatchCommand Insert(long process, IReadOnlyList<SessionClaim> claims)
    {
        var insert = new NpgsqlBatchCommand("""
            WITH claimed AS (
              INSERT INTO session (id, tenant_id, path, api_key_id, end_user, provider, model, dialect, metadata, client_address, user_agent, gateway, owner)
              SELECT c.id, t.id, t.path, c.api_key_id, c.metadata ->> 'user_id', c.provider, c.model, c.dialect, c.metadata, c.client_address, c.user_agent, c.gateway, $1
              FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::text[], $11::bigint[])
                AS c (id, tenant_id, api_key_id, provider, model, dialect, metadata, client_address, user_agent, gateway)
              JOIN tenant t ON t.id = c.tenant_id
              WHERE EXISTS (SELECT FROM process WHERE id = $1 AND dead_at IS NULL)
              ON CONFLICT (id) DO NOTHING
              RETURNING id, phase, created_at, gateway
            )
            INSERT INTO session_event (session_id, seq, at, kind, phase, detail)
            SELECT id, 1, created_at, 'session_claimed', phase, CASE WHEN gateway IS NOT NULL THEN jsonb_build_object('gateway', gateway) END FROM claimed
            """);
        insert.Parameters.Value(process)
            .Column(claims, claim => claim.Session.Value)
            .Column(claims, claim => claim.Request.Tenant.Value)
            .Column(claims, claim => claim.Request.KeyId)
            .Column(claims, claim => claim.Request.Provider)
            .Column(claims, claim => claim.Request.Model)
            .Column(claims, claim => claim.Request.Dialect)
            .Column(claims, NpgsqlDbType.Jsonb, claim => claim.Request.Metadata)
            .Column(claims, NpgsqlDbType.Text, claim => claim.Request.ClientAddress)
            .Column(claims, NpgsqlDbType.Text, claim => claim.Request.UserAgent)
            .Column(claims, NpgsqlDbType.Bigint, claim => claim.Request.Gateway);
        return insert;
    }

    /// <summary>Holds of the sessions that got their row just now, and what they take off the wallets.</summary>
    private static NpgsqlBatchCommand Hold(long process, IReadOnlyList<(Guid Session, HoldDecision Hold)> holds)
    {
        var command = new NpgsqlBatchCommand("""
            WITH held AS (
              INSERT INTO hold (session_id, root_id, authorised_ms, wallets, held_micros)
              SELECT s.id, s.path[1], min(l.authorised_ms), array_agg(l.wallet ORDER BY l.wallet), array_agg(l.held ORDER BY l.wallet)
              FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::bigint[]) AS l (session_id, authorised_ms, wallet, held)
              JOIN session s ON s.id = l.session_id AND s.owner = $1 AND s.ended_at IS NULL
              GROUP BY s.id, s.path
              ON CONFLICT (session_id) DO NOTHING
              RETURNING wallets, held_micros
            )
            UPDATE wallet w SET held_micros = w.held_micros + d.micros
            FROM (SELECT u.wallet, sum(u.micros)::bigint AS micros FROM held h, unnest(h.wallets, h.held_micros) AS u (wallet, micros) GROUP BY u.wallet) AS d
            WHERE w.tenant_id = d.wallet
            """);
        var levels = holds.SelectMany(hold => hold.Hold.Held.Select(level => (hold.Session, hold.Hold.AuthorisedMs, Wallet: level.Key.Value, Held: level.Value))).ToList();
        command.Parameters.Value(process)
            .Column(levels, level => level.Session).Column(levels, level => level.AuthorisedMs)
            .Column(levels, level => level.Wallet).Column(levels, level => level.Held);
        return command;
    }
}
