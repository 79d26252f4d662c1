using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Reconciliation;

namespace Orchestrator.Storage.Billing.Reconciliation;

/// <summary>
/// What a reconciliation reads, in transactions that may not write; and the one thing it writes, its own report. One at a time by
/// an advisory lock of the schema, which the server lets go of with the connection.
/// </summary>
public sealed partial class ReconciliationStore(Database database) : IReconciliationStore
{
    /// <summary>Sums over weeks take longer than anything a session waits for.</summary>
    private const int CommandTimeoutSeconds = 300;

    /// <inheritdoc/>
    public async Task<IAsyncDisposable?> TryLockAsync(CancellationToken cancellationToken)
    {
        var connection = database.CreateDedicated("-c idle_session_timeout=0", CommandTimeoutSeconds);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock(hashtext('orchestrator reconciliation'), hashtext(current_schema()))", connection);
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
                return new Turn(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    /// <summary>Somebody's turn. Given back before the connection ends: the server may notice that only later, and whoever is next would be refused.</summary>
    private sealed class Turn(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", connection);
                await command.ExecuteScalarAsync();
            }
            catch (NpgsqlException)
            {
                // It ends with the connection all the same.
            }
            finally
            {
                await connection.DisposeAsync();
            }
        }
    }

    /// <inheritdoc/>
    public async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("SELECT clock_timestamp()");
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Finding>> ContradictionsAsync(ReconciliationRange range, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        // One snapshot for all sums: wallets and ledger go on changing.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        await ExecuteAsync(connection, "SET TRANSACTION READ ONLY", cancellationToken);
        var findings = new List<Finding>();
        foreach (var sql in Contradictions.All)
        {
            await using var command = new NpgsqlCommand(Contradictions.WithUnit(sql), connection) { CommandTimeout = CommandTimeoutSeconds };
            command.Parameters.Value(range.From.UtcDateTime).Value(range.To.UtcDateTime);
            findings.AddRange(await command.ListAsync(Contradictions.FromRow, cancellationToken));
        }

        return findings;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ProviderDrift>> DriftAsync(ReconciliationRange range, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT s.provider, s.model, coalesce(g.close_reason, 'open'), count(*),
                   sum(greatest(g.mark_ms, g.claimed_ms))::bigint, sum(g.mark_ms)::bigint, sum(g.ledgered_ms)::bigint,
                   sum(greatest(g.claimed_ms - g.ledgered_ms, g.mark_ms - g.ledgered_ms, 0))::bigint
            FROM generation g JOIN session s ON s.id = g.session_id
            WHERE g.started_at < $2 AND (g.closed_at IS NULL OR g.closed_at >= $1)
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """);
        command.CommandTimeout = CommandTimeoutSeconds;
        command.Parameters.Value(range.From.UtcDateTime).Value(range.To.UtcDateTime);
        return await command.ListAsync(reader => new ProviderDrift(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), reader.GetInt64(6),
            reader.GetInt64(7), OverbilledMs: 0), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RecordedSession>> RecordedAsync(IReadOnlyList<string> upstreamSessions, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT g.upstream_session_id, (array_agg(g.session_id ORDER BY g.id DESC))[1], (array_agg(s.tenant_id ORDER BY g.id DESC))[1], max(g.id), count(*)::integer,
                   (array_agg(s.provider ORDER BY g.id DESC))[1], (array_agg(s.model ORDER BY g.id DESC))[1], (array_agg(g.close_reason ORDER BY g.id DESC))[1],
                   sum(g.mark_ms)::bigint, sum(g.ledgered_ms)::bigint
            FROM generation g JOIN session s ON s.id = g.session_id
            WHERE g.upstream_session_id = ANY ($1)
            GROUP BY g.upstream_session_id
            """);
        command.CommandTimeout = CommandTimeoutSeconds;
        command.Parameters.Value(upstreamSessions.ToArray());
        return await command.ListAsync(reader => new RecordedSession(
            reader.GetString(0), new SessionId(reader.GetGuid(1)), new TenantId(reader.GetGuid(2)), reader.GetInt64(3), reader.GetInt32(4), reader.GetString(5),
            reader.GetString(6), reader.Text(7), reader.GetInt64(8), reader.GetInt64(9)), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ILookup<Guid, FindingSource>> SourcesAsync(IReadOnlyList<Guid> batches, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT b.id, coalesce(g.session_id, m.session_id), i.ledger_id, i.seconds
            FROM unnest($1) AS b (id)
            CROSS JOIN LATERAL (SELECT * FROM export_item i WHERE i.export_event_id = b.id AND i.seconds <> 0 ORDER BY i.ledger_id, i.token_usage_id LIMIT $2) i
            LEFT JOIN usage_ledger l ON l.id = i.ledger_id
            LEFT JOIN wallet_entry e ON e.id = i.wallet_entry_id
            LEFT JOIN generation g ON g.id = coalesce(l.generation_id, e.generation_id)
            LEFT JOIN token_usage u ON u.id = i.token_usage_id
            LEFT JOIN token_meter m ON m.id = u.meter_id
            """);
        command.CommandTimeout = CommandTimeoutSeconds;
        command.Parameters.Value(batches.ToArray()).Value((long)limit);
        var sources = await command.ListAsync(reader => new FindingSource(
            reader.IsDBNull(1) ? null : new SessionId(reader.GetGuid(1)), reader.Number(2), reader.GetGuid(0), reader.GetInt64(3)), cancellationToken);
        return sources.ToLookup(source => source.Event!.Value);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlySet<string>> CorrectedAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
            return new HashSet<string>();
        await using var command = database.Source.CreateCommand("SELECT key FROM reconciliation_correction WHERE key = ANY ($1)");
        command.Parameters.Value(keys.ToArray());
        return (await command.ListAsync(reader => reader.GetString(0), cancellationToken)).ToHashSet(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> LastAsync(ReconciliationCause cause, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("SELECT max(started_at) FROM reconciliation_run WHERE kind = $1");
        command.Parameters.Value(StorageNames.Of(cause));
        return (await command.ListAsync(reader => reader.Instant(0), cancellationToken)).Single();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReconciliationRequest>> RequestsAsync(TimeSpan lag, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT id, account, meter_id, reason, from_at, to_at FROM reconciliation_request
            WHERE done_at IS NULL AND greatest(to_at, requested_at) <= clock_timestamp() - $1
            ORDER BY id LIMIT 100
            """);
        command.Parameters.Value(lag);
        return await command.ListAsync(reader => new ReconciliationRequest(
            reader.GetInt64(0), reader.Text(1), reader.Text(2), reader.GetString(3), reader.Instant(4), reader.Instant(5)), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task SaveAsync(ReconciliationReport report, ReconciliationCause cause, CorrectionOrder? order, long? request, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var run = new NpgsqlCommand("""
            WITH done AS (UPDATE reconciliation_request SET done_at = clock_timestamp() WHERE id = $10)
            INSERT INTO reconciliation_run (kind, started_at, from_at, to_at, lanes, findings, seconds, actor, reason, drift)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11) RETURNING id
            """, connection);
        run.Parameters.Value(StorageNames.Of(cause)).Value(report.StartedAt.UtcDateTime).Value(report.Range.From.UtcDateTime).Value(report.Range.To.UtcDateTime)
            .Value(report.Counted).Value(report.Findings.Count).Value(report.UnexplainedSeconds).Text(order?.Actor).Text(order?.Reason);
        run.Parameters.Add(new NpgsqlParameter { Value = (object?)request ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        run.Parameters.Add(new NpgsqlParameter { Value = ReconciliationJson.Drift(report), NpgsqlDbType = NpgsqlDbType.Jsonb });
        var id = (long)(await run.ExecuteScalarAsync(cancellationToken))!;

        await using var findings = new NpgsqlCommand("""
            INSERT INTO reconciliation_finding (run_id, place, kind, seconds, reason, detail)
            SELECT $1, f.place, f.kind, f.seconds, f.reason, f.detail
            FROM unnest($2::text[], $3::numeric[], $4::text[], $5::jsonb[]) WITH ORDINALITY AS f (kind, seconds, reason, detail, place)
            """, connection);
        findings.Parameters.Value(id).Column(report.Findings, finding => StorageNames.Of(finding.Kind)).Column(report.Findings, finding => finding.Amount)
            .Column(report.Findings, finding => finding.Reason).Column(report.Findings, NpgsqlDbType.Jsonb, ReconciliationJson.Detail);
        await findings.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
