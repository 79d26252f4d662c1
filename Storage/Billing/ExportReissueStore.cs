using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Storage.Billing;

/// <summary>Batches that go out again under another identifier, and those that are asked back.</summary>
public sealed class ExportReissueStore(Database database) : IExportReissue
{
    /// <inheritdoc/>
    public async Task<bool> CancelAsync(Guid exportEvent, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            UPDATE export_event SET state = 'cancelling', unknown_since = NULL, last_error = NULL
            WHERE id = $1 AND state = 'sent' AND sent_at > clock_timestamp() - $2
            """);
        command.Parameters.Value(exportEvent).Value(ExportMachine.CancellableFor);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<bool> RequestAsync(Guid exportEvent, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            UPDATE export_event e SET reissue = true
            WHERE id = $1 AND state IN ('rejected', 'failed_async', 'uncertain') AND NOT EXISTS (SELECT FROM export_event n WHERE n.replaces = e.id)
            """);
        command.Parameters.Value(exportEvent);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<int> FailAsync(string? account, IReadOnlyList<string> identifiers, string reason, CancellationToken cancellationToken)
    {
        // A report may overtake the answer to the attempt that it is about: whoever reported it has it, or had.
        await using var command = database.Source.CreateCommand("""
            WITH failed AS MATERIALIZED (
              SELECT e.id FROM export_event e JOIN export_target t ON t.id = e.target_id
              WHERE e.identifier = ANY ($1) AND t.account IS NOT DISTINCT FROM $3 AND t.credential IS NULL
                AND e.state IN ('sent', 'sending', 'pending', 'cancelling', 'uncertain')
              ORDER BY e.seq FOR NO KEY UPDATE OF e
            )
            UPDATE export_event e SET state = 'failed_async', last_error = $2, next_attempt_at = NULL, sent_at = coalesce(sent_at, clock_timestamp())
            FROM failed WHERE e.id = failed.id
            """);
        command.Parameters.Value(identifiers.ToArray()).Value(reason).Text(account);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Frozen> ReissueAsync(
        IReadOnlyCollection<Guid> except, Func<FreezingTarget, IReadOnlyList<ExportBatch>, IReadOnlyList<FrozenEvent>> write, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(connection, except, cancellationToken) is not { } old)
            return default;

        // What the old one was worth, not the sum of its items: part of them may have been netted before.
        var (value, carried) = ExportBatching.Net(old.Value, old.Carried);
        var successor = write(old.Target, [new ExportBatch([], old.From, old.To, value)]).Single();
        await ReplaceAsync(connection, old, successor, carried, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new Frozen(old.Target.Id, Events: 1, IsPartial: false);
    }

    private static async Task<Old?> LockAsync(NpgsqlConnection connection, IReadOnlyCollection<Guid> except, CancellationToken cancellationToken)
    {
        // What was asked back goes out for less: not before the correction that it was asked back for is frozen, and can be netted.
        await using var command = new NpgsqlCommand($"""
            SELECT t.id, l.kind, {ExportRows.AddressColumns}, e.id, e.value, e.covers_from, e.covers_to, t.carried_seconds
            FROM export_event e JOIN export_target t ON t.id = e.target_id JOIN export_lane l ON l.id = e.lane_id
            WHERE e.reissue AND t.id <> ALL ($1)
              AND NOT ({ExportRows.IsFrozenStill} AND EXISTS (SELECT FROM wallet_entry e WHERE e.tenant_id = t.tenant_id AND {ExportRows.IsCorrectionDue}))
            ORDER BY e.seq LIMIT 1
            FOR NO KEY UPDATE OF e, t SKIP LOCKED
            """, connection);
        command.Parameters.Value(except.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var target = new FreezingTarget(reader.GetGuid(0), ExportRows.Kind(reader, 1), ExportRows.AddressFromRow(reader, 2));
        return new Old(target, reader.GetGuid(8), reader.GetInt64(9), reader.Instant(10)!.Value, reader.Instant(11)!.Value, reader.GetInt64(12));
    }

    private static async Task ReplaceAsync(NpgsqlConnection connection, Old old, FrozenEvent successor, long carried, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        var insert = new NpgsqlBatchCommand("""
            INSERT INTO export_event (id, target_id, lane_id, identifier, value, at, covers_from, covers_to, body, body_sha256, state, replaces)
            SELECT $2, target_id, lane_id, $3, $4, at, covers_from, covers_to, $5, sha256(convert_to($5, 'UTF8')), CASE $4 WHEN 0 THEN 'skipped' ELSE 'pending' END, id
            FROM export_event WHERE id = $1
            """);
        insert.Parameters.Value(old.Id).Value(successor.Id).Value(successor.Identifier).Value(successor.Batch.Value).Value(successor.Body);
        var move = new NpgsqlBatchCommand("UPDATE export_item SET export_event_id = $2 WHERE export_event_id = $1");
        move.Parameters.Value(old.Id).Value(successor.Id);
        var done = new NpgsqlBatchCommand("UPDATE export_event SET reissue = false WHERE id = $1");
        done.Parameters.Value(old.Id);
        var carry = new NpgsqlBatchCommand("UPDATE export_target SET carried_seconds = $2 WHERE id = $1");
        carry.Parameters.Value(old.Target.Id).Value(carried);
        batch.BatchCommands.Add(insert);
        batch.BatchCommands.Add(move);
        batch.BatchCommands.Add(done);
        batch.BatchCommands.Add(carry);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record Old(FreezingTarget Target, Guid Id, long Value, DateTimeOffset From, DateTimeOffset To, long Carried);
}
