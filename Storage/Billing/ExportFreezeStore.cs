using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Step 9: ledger rows, tokens of responses and corrections become frozen batches. A row carries the transaction that appended it; a target remembers
/// the oldest that was still open at its last freeze and takes everything from that one on, up to the oldest that is open now.
/// </summary>
public sealed class ExportFreezeStore(Database database) : IExportFreezer
{
    /// <summary>The most rows of one freeze; rows of one transaction stay together.</summary>
    internal int MaxRows { get; init; } = 10_000;

    /// <inheritdoc/>
    public async Task<Frozen> FreezeAsync(
        TimeSpan window, IReadOnlyCollection<Guid> except, Func<FreezingTarget, IReadOnlyList<ExportBatch>, IReadOnlyList<FrozenEvent>> write, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockDueAsync(connection, window, except, cancellationToken) is not { } due)
            return default;

        var rows = await UsageAsync(connection, due, cancellationToken);
        // A full page ends with the last row of its transaction; what is left begins with the next one.
        var isPartial = rows.Count >= MaxRows;
        var before = isPartial ? rows[^1].RecordedIn + 1 : due.Before;
        var corrections = await CorrectionsAsync(connection, due, cancellationToken);
        var (batches, carried) = ExportBatching.Of([.. rows.Select(row => row.Billable), .. corrections], due.Carried, window);
        var events = write(due.Target, batches);

        await AddEventsAsync(connection, due, events, cancellationToken);
        await AddItemsAsync(connection, due, events, cancellationToken);
        await AdvanceAsync(connection, due, before, carried, isPartial, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new Frozen(due.Target.Id, events.Count, isPartial);
    }

    /// <summary>A retired target is frozen until what was recorded before its end must have come to light.</summary>
    private static async Task<Due?> LockDueAsync(NpgsqlConnection connection, TimeSpan window, IReadOnlyCollection<Guid> except, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT t.id, l.kind, {ExportRows.AddressColumns}, t.lane_id, t.carried_seconds, t.exported_before::text, pg_snapshot_xmin(pg_current_snapshot())::text
            FROM export_target t JOIN export_lane l ON l.id = t.lane_id
            WHERE (t.frozen_at IS NULL OR t.frozen_at <= clock_timestamp() - $1)
              AND {ExportRows.IsFrozenStill}
              AND t.id <> ALL ($2)
            ORDER BY t.frozen_at NULLS FIRST LIMIT 1
            FOR NO KEY UPDATE OF t SKIP LOCKED
            """, connection);
        command.Parameters.Value(window).Value(except.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var target = new FreezingTarget(reader.GetGuid(0), ExportRows.Kind(reader, 1), ExportRows.AddressFromRow(reader, 2));
        return new Due(target, reader.GetInt64(8), reader.GetInt64(9), Xid(reader.GetString(10)), Xid(reader.GetString(11)));
    }

    /// <summary>Rows of the ledger, or responses that used some of the kind, for which the target's tenant is charged.</summary>
    private async Task<List<(Billable Billable, ulong RecordedIn)>> UsageAsync(NpgsqlConnection connection, Due due, CancellationToken cancellationToken)
    {
        var kind = due.Target.Address.Unit.Kind();
        var source = kind is null ? BillableSource.Ledger : BillableSource.TokenUsage;
        var (id, units, charge, some) = source is BillableSource.Ledger
            ? ("c.ledger_id", "c.seconds", "ledger_charge", "true")
            : ("c.usage_id", "c.counts[$6]", "token_charge", "c.counts[$6] > 0");
        await using var command = new NpgsqlCommand($"""
            SELECT {id}, c.recorded_at, {units}, c.recorded_in::text
            FROM export_target t JOIN {charge} c ON c.payer_id = t.tenant_id
            WHERE t.id = $1 AND {some}
              AND c.tenant_id = ANY (ARRAY(SELECT id FROM tenant WHERE path @> ARRAY[$2]))
              AND c.recorded_in >= $3::text::xid8 AND c.recorded_in < $4::text::xid8
              AND c.recorded_at >= t.active_from AND (t.retired_at IS NULL OR c.recorded_at < t.retired_at)
            ORDER BY c.recorded_in FETCH FIRST $5 ROWS WITH TIES
            """, connection);
        command.Parameters.Value(due.Target.Id).Value(due.Target.Address.Tenant.Value).Value(Text(due.Since)).Value(Text(due.Before)).Value((long)MaxRows);
        if (kind is { } counted)
            command.Parameters.Value((int)counted + 1);
        var rows = new List<(Billable, ulong)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add((new Billable(source, reader.GetInt64(0), reader.Instant(1)!.Value, reader.GetInt64(2)), Xid(reader.GetString(3))));
        return rows;
    }

    /// <summary>What takes back or adds seconds of a run that went out to this target, or of none in particular. They are few, so each is looked for.</summary>
    private static async Task<List<Billable>> CorrectionsAsync(NpgsqlConnection connection, Due due, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT e.id, e.created_at, e.seconds
            FROM export_target t JOIN export_lane l ON l.id = t.lane_id JOIN wallet_entry e ON e.tenant_id = t.tenant_id
            WHERE t.id = $1 AND {ExportRows.IsCorrectionDue}
            """, connection);
        command.Parameters.Value(due.Target.Id);
        var corrections = new List<Billable>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            corrections.Add(new Billable(BillableSource.WalletEntry, reader.GetInt64(0), reader.Instant(1)!.Value, reader.GetInt64(2)));
        return corrections;
    }

    private static async Task AddEventsAsync(NpgsqlConnection connection, Due due, IReadOnlyList<FrozenEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
            return;
        await using var command = new NpgsqlCommand("""
            INSERT INTO export_event (id, target_id, lane_id, identifier, value, at, covers_from, covers_to, body, body_sha256, state)
            SELECT id, $1, $2, identifier, value, at, covers_from, covers_to, body, body_sha256, CASE value WHEN 0 THEN 'skipped' ELSE 'pending' END
            FROM unnest($3::uuid[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::bytea[])
              WITH ORDINALITY AS e (id, identifier, value, at, covers_from, covers_to, body, body_sha256, place)
            ORDER BY place
            """, connection);
        command.Parameters.Value(due.Target.Id).Value(due.Lane)
            .Column(events, e => e.Id).Column(events, e => e.Identifier).Column(events, e => e.Batch.Value)
            .Column(events, e => e.Batch.At.UtcDateTime).Column(events, e => e.Batch.From.UtcDateTime).Column(events, e => e.Batch.To.UtcDateTime)
            .Column(events, e => e.Body).Column(events, e => SHA256.HashData(Encoding.UTF8.GetBytes(e.Body)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task AddItemsAsync(NpgsqlConnection connection, Due due, IReadOnlyList<FrozenEvent> events, CancellationToken cancellationToken)
    {
        var items = events.SelectMany(e => e.Batch.Items.Select(item => (Event: e.Id, Item: item))).ToList();
        if (items.Count == 0)
            return;
        await using var command = new NpgsqlCommand("""
            INSERT INTO export_item (target_id, export_event_id, ledger_id, token_usage_id, wallet_entry_id, seconds)
            SELECT $1, i.* FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS i
            """, connection);
        command.Parameters.Value(due.Target.Id).Column(items, i => i.Event)
            .Column(items, NpgsqlDbType.Bigint, i => IdOf(i.Item, BillableSource.Ledger)).Column(items, NpgsqlDbType.Bigint, i => IdOf(i.Item, BillableSource.TokenUsage))
            .Column(items, NpgsqlDbType.Bigint, i => IdOf(i.Item, BillableSource.WalletEntry)).Column(items, i => i.Item.Units);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static long? IdOf(Billable item, BillableSource source) => item.Source == source ? item.Id : null;

    private static async Task AdvanceAsync(NpgsqlConnection connection, Due due, ulong before, long carried, bool isPartial, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            UPDATE export_target SET exported_before = $2::text::xid8, carried_seconds = $3, frozen_at = CASE WHEN $4 THEN frozen_at ELSE clock_timestamp() END
            WHERE id = $1
            """, connection);
        command.Parameters.Value(due.Target.Id).Value(Text(before)).Value(carried).Value(isPartial);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static ulong Xid(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(ulong xid) => xid.ToString(CultureInfo.InvariantCulture);

    private sealed record Due(FreezingTarget Target, long Lane, long Carried, ulong Since, ulong Before);
}
