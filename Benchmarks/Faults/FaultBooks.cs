using Npgsql;
using Orchestrator.Storage;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>What the books say of what the provider knows by one name.</summary>
// Clamped: its counter ran ahead of the clock at least once, and was not believed so far. A frame was read late, or the provider errs.
internal sealed record UpstreamBook(string Upstream, long MarkMs, long LedgerMs, long DuplicateMs, long OverrunMs, bool IsClamped);

/// <summary>A wallet beside what it should say.</summary>
internal sealed record WalletBook(string Tenant, long Granted, long Entries, long Settled, long Charged, long Held);

/// <summary>An exported payer's seconds on their way: what the ledger owes, what was put into batches, and what batches were sent.</summary>
internal sealed record ExportBook(Guid Tenant, string Customer, long Ledger, long Items, long Sent, long Unsent);

/// <summary>The books as an auditor reads them, from the tables themselves.</summary>
internal sealed class FaultBooks(Database database)
{
    /// <summary>What is left to be done by itself: live sessions, open runs, unsettled runs, holds, unsent batches.</summary>
    public async Task<(long Sessions, long Runs, long Unsettled, long Holds)> UnfinishedAsync()
    {
        var row = (await ReadAsync("""
            SELECT (SELECT count(*) FROM session WHERE ended_at IS NULL), (SELECT count(*) FROM generation WHERE closed_at IS NULL),
                   (SELECT count(*) FROM generation WHERE settled_at IS NULL), (SELECT count(*) FROM hold)
            """, reader => (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)))).Single();
        return row;
    }

    /// <summary>All that has a run, by the provider's name of it.</summary>
    public Task<IReadOnlyList<UpstreamBook>> UpstreamsAsync() => ReadAsync("""
        SELECT coalesce(g.upstream_session_id, s.upstream_session_id, ''), sum(g.mark_ms)::bigint, coalesce(sum(l.total), 0)::bigint,
               coalesce(sum(l.total - l.distinct_total), 0)::bigint, max(greatest(0, g.mark_ms - g.authorised_ms - g.blind_ms)),
               bool_or(EXISTS (SELECT FROM session_event e WHERE e.session_id = s.id AND e.kind = 'meter_anomaly' AND e.detail ->> 'anomaly' = 'ahead_of_clock'))
        FROM generation g JOIN session s ON s.id = g.session_id
        LEFT JOIN LATERAL (
          SELECT sum(u.to_ms - u.from_ms) AS total, (SELECT sum(upper(r) - lower(r)) FROM unnest(range_agg(int8range(u.from_ms, u.to_ms))) r) AS distinct_total
          FROM usage_ledger u WHERE u.generation_id = g.id) l ON true
        GROUP BY 1
        """, reader => new UpstreamBook(
            reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.IsDBNull(4) ? 0 : reader.GetInt64(4), reader.GetBoolean(5)));

    /// <summary>Every wallet.</summary>
    public Task<IReadOnlyList<WalletBook>> WalletsAsync() => ReadAsync("""
        SELECT t.name, w.granted_micros, (SELECT coalesce(sum(e.micros), 0) FROM wallet_entry e WHERE e.tenant_id = w.tenant_id)::bigint, w.settled_micros,
               (SELECT coalesce(sum(c.micros), 0) FROM ledger_charge c JOIN generation g ON g.id = c.generation_id
                WHERE c.payer_id = w.tenant_id AND w.tenant_id = ANY(g.payers))::bigint, w.held_micros
        FROM wallet w JOIN tenant t ON t.id = w.tenant_id
        """, reader => new WalletBook(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));

    /// <summary>Every exported payer.</summary>
    public Task<IReadOnlyList<ExportBook>> ExportsAsync() => ReadAsync("""
        SELECT t.tenant_id, l.customer,
               (SELECT coalesce(sum(c.seconds), 0) FROM ledger_charge c WHERE c.payer_id = t.tenant_id)::bigint,
               (SELECT coalesce(sum(i.seconds), 0) FROM export_item i WHERE i.target_id = t.id)::bigint,
               (SELECT coalesce(sum(e.value), 0) FROM export_event e WHERE e.target_id = t.id AND e.state = 'sent')::bigint,
               (SELECT count(*) FROM export_event e WHERE e.target_id = t.id AND e.state NOT IN ('sent', 'skipped'))
        FROM export_target t JOIN export_lane l ON l.id = t.lane_id
        """, reader => new ExportBook(reader.GetGuid(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> fromRow)
    {
        await using var command = database.Source.CreateCommand(sql);
        command.CommandTimeout = 120;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(fromRow(reader));
        return rows;
    }
}
