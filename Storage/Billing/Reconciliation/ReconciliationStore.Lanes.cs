using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Reconciliation;

namespace Orchestrator.Storage.Billing.Reconciliation;

// What sinks should count.
public sealed partial class ReconciliationStore
{
    // An acknowledgement after the horizon $4 is no promise that it shows yet. A batch that is to be issued anew, or that was
    // found wrong, may still be counted, or may not. What waits without an attempt is not there.
    private const string Certain = "(e.state = 'sent' AND e.sent_at < $4)";
    private const string Possible = """
        (e.state = 'sent' AND e.sent_at >= $4 OR e.state IN ('sending', 'cancelling', 'uncertain')
         OR e.state = 'pending' AND e.attempts > 0 OR e.state IN ('failed_async', 'cancelled') AND e.reissue)
        """;

    // Attempts of unknown outcome are repeated for 23 hours. Two later nothing is under way, and a sink shows what it has.
    private const string Unknown = "(e.state = 'uncertain' AND NOT e.reissue AND e.unknown_since < clock_timestamp() - interval '25 hours')";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CountedLane>> LanesAsync(ReconciliationRange range, string? account, string? meter, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT DISTINCT ON (l.id) l.id, l.account, l.event_name, l.customer, l.kind, t.id, t.credential, t.meter_id, {ExportRows.AddressColumns}
            FROM export_lane l JOIN export_target t ON t.lane_id = l.id
            WHERE ($1::text IS NULL OR t.account = $1 OR t.account IS NULL)
              AND ($2::text IS NULL OR t.meter_id = $2)
              AND (t.retired_at IS NULL OR EXISTS (SELECT FROM export_event e WHERE e.target_id = t.id AND e.at >= $3))
            ORDER BY l.id, t.meter_id IS NULL, t.retired_at NULLS FIRST, t.created_at DESC
            """);
        command.CommandTimeout = CommandTimeoutSeconds;
        command.Parameters.Text(account).Text(meter).Value(range.From.UtcDateTime);
        return await command.ListAsync(reader =>
        {
            var address = ExportRows.AddressFromRow(reader, 8);
            var lane = new MeterLane(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), address.Unit);
            return new CountedLane(lane, ExportRows.Kind(reader, 4), reader.GetGuid(5), address, reader.Text(6), reader.Text(7));
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MeterBucket>> DaysAsync(
        MeterLane lane, DateTimeOffset from, DateTimeOffset to, DateTimeOffset horizon, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT date_trunc('day', e.at, 'UTC'), coalesce(sum(e.value) FILTER (WHERE {Certain}), 0)::bigint, coalesce(sum(e.value) FILTER (WHERE {Possible}), 0)::bigint
            FROM export_event e
            WHERE e.target_id IN (SELECT id FROM export_target WHERE lane_id = $1) AND e.at >= $2 AND e.at < $3
            GROUP BY 1
            """);
        command.CommandTimeout = CommandTimeoutSeconds;
        command.Parameters.Value(lane.Id).Value(from.UtcDateTime).Value(to.UtcDateTime).Value(horizon.UtcDateTime);
        return await command.ListAsync(reader => new MeterBucket(
            reader.Instant(0)!.Value, reader.Instant(0)!.Value.AddDays(1), reader.GetInt64(1), reader.GetInt64(2)), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LaneBatch>> BatchesAsync(
        MeterLane lane, DateTimeOffset from, DateTimeOffset to, DateTimeOffset horizon, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT e.id, e.value, e.at, {Certain}, {Possible}, {Unknown}
            FROM export_event e
            WHERE e.target_id IN (SELECT id FROM export_target WHERE lane_id = $1) AND e.at >= $2 AND e.at < $3 AND ({Certain} OR {Possible})
            ORDER BY e.at, e.seq
            """);
        command.CommandTimeout = CommandTimeoutSeconds;
        command.Parameters.Value(lane.Id).Value(from.UtcDateTime).Value(to.UtcDateTime).Value(horizon.UtcDateTime);
        return await command.ListAsync(reader => new LaneBatch(
            reader.GetGuid(0), reader.GetInt64(1), reader.Instant(2)!.Value, reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5)), cancellationToken);
    }
}
