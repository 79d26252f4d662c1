using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Storage.Sessions;

/// <summary>Step 3: rows of new sessions. What makes a repeated claim harmless is the primary key of <c>session</c>.</summary>
public sealed class SessionClaimStore(Database database) : ISessionClaimStore
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<CloseCode?>> ClaimAsync(long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        var admitted = await AdmitAsync(connection, claims, cancellationToken);
        var inserted = await InsertAsync(connection, process, [.. claims.Where((_, i) => admitted[i])], cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        return [.. claims.Select((claim, i) => !admitted[i] ? CloseCode.ConcurrencyExceeded
            : inserted.Contains(claim.Session.Value) ? (CloseCode?)null
            : CloseCode.StorageUnavailable)];
    }

    /// <summary>
    /// Step 4: counts live sessions below each limited tenant while holding that tenant's row, so that claims of several processes
    /// under one limit go one after the other. Claims without any limit lock nothing. A repeated claim whose session has its row
    /// has its place already.
    /// </summary>
    private static async Task<bool[]> AdmitAsync(NpgsqlConnection connection, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken)
    {
        var limits = claims.SelectMany(claim => claim.Request.Limits).DistinctBy(limit => limit.Tenant).OrderBy(limit => limit.Tenant.Value).ToList();
        if (limits.Count == 0)
            return [.. claims.Select(_ => true)];

        await using var batch = new NpgsqlBatch(connection);
        var tenants = limits.ConvertAll(limit => limit.Tenant.Value).ToArray();
        var @lock = new NpgsqlBatchCommand("SELECT id FROM tenant WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE");
        @lock.Parameters.Value(tenants);
        var count = new NpgsqlBatchCommand("""
            SELECT l.id, count(s.id)::integer
            FROM unnest($1::uuid[]) AS l (id)
            LEFT JOIN tenant t ON t.path @> ARRAY[l.id]
            LEFT JOIN session s ON s.tenant_id = t.id AND s.ended_at IS NULL
            GROUP BY l.id
            """);
        count.Parameters.Value(tenants);
        var repeated = new NpgsqlBatchCommand("SELECT id FROM session WHERE id = ANY($1)");
        repeated.Parameters.Column(claims, claim => claim.Session.Value);
        batch.BatchCommands.Add(@lock);
        batch.BatchCommands.Add(count);
        batch.BatchCommands.Add(repeated);

        var live = new Dictionary<Guid, int>();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            live.Add(reader.GetGuid(0), reader.GetInt32(1));

        var standing = new HashSet<Guid>();
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            standing.Add(reader.GetGuid(0));

        // A path without tenants is under no limit.
        return ConcurrencyPolicy.Admit(
            [.. claims.Select(claim => standing.Contains(claim.Session.Value) ? [] : claim.Request.Path)],
            limits.Select(limit => new ConcurrencyLimit(limit.Tenant, live.GetValueOrDefault(limit.Tenant.Value), limit.MaxSessions)));
    }

    private static async Task<HashSet<Guid>> InsertAsync(
        NpgsqlConnection connection, long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken)
    {
        var inserted = new HashSet<Guid>();
        if (claims.Count == 0)
            return inserted;

        await using var batch = new NpgsqlBatch(connection);
        var insert = new NpgsqlBatchCommand("""
            WITH claimed AS (
              INSERT INTO session (id, tenant_id, path, api_key_id, end_user, provider, model, dialect, metadata, client_address, user_agent, owner)
              SELECT c.id, t.id, t.path, c.api_key_id, c.metadata ->> 'user_id', c.provider, c.model, c.dialect, c.metadata, c.client_address, c.user_agent, $1
              FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::text[])
                AS c (id, tenant_id, api_key_id, provider, model, dialect, metadata, client_address, user_agent)
              JOIN tenant t ON t.id = c.tenant_id
              WHERE EXISTS (SELECT FROM process WHERE id = $1 AND dead_at IS NULL)
              ON CONFLICT (id) DO NOTHING
              RETURNING id, phase, created_at
            )
            INSERT INTO session_event (session_id, seq, at, kind, phase) SELECT id, 1, created_at, 'session_claimed', phase FROM claimed
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
            .Column(claims, NpgsqlDbType.Text, claim => claim.Request.UserAgent);
        var select = new NpgsqlBatchCommand("SELECT id FROM session WHERE id = ANY($1) AND owner = $2");
        select.Parameters.Column(claims, claim => claim.Session.Value).Value(process);
        batch.BatchCommands.Add(insert);
        batch.BatchCommands.Add(select);

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            inserted.Add(reader.GetGuid(0));
        return inserted;
    }
}
