using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Storage.Billing;

/// <summary>Kinds, states and addresses as they are stored.</summary>
internal static class ExportRows
{
    /// <summary>Columns of <see cref="AddressFromRow"/>, of the lane <c>l</c> and the target <c>t</c>.</summary>
    public const string AddressColumns = "t.tenant_id, l.event_name, l.customer, t.account, t.endpoint, l.unit";

    /// <summary>Whether the target <c>t</c> is still frozen: one that is retired for a while yet.</summary>
    public const string IsFrozenStill = "(t.retired_at IS NULL OR t.frozen_at IS NULL OR t.frozen_at < t.retired_at + interval '10 minutes')";

    /// <summary>
    /// Whether the entry <c>e</c> is a correction that the target <c>t</c> has yet to take: one made for it alone, one of a run that went out
    /// to it, or one of no run in particular, which is of seconds. The lane is <c>l</c>.
    /// </summary>
    public const string IsCorrectionDue = """
        e.seconds IS NOT NULL AND (e.export_target_id IS NULL AND l.unit = 'seconds' OR e.export_target_id = t.id)
        AND NOT EXISTS (SELECT FROM export_item i WHERE i.wallet_entry_id = e.id AND i.target_id = t.id)
        AND CASE WHEN e.generation_id IS NULL THEN e.created_at >= t.active_from AND (t.retired_at IS NULL OR e.created_at < t.retired_at)
                 ELSE EXISTS (SELECT FROM usage_ledger u JOIN export_item i ON i.ledger_id = u.id AND i.target_id = t.id
                              WHERE u.generation_id = e.generation_id) END
        """;

    public static SinkKind Kind(NpgsqlDataReader reader, int column) => StorageNames.Parse<SinkKind>(reader.GetString(column));

    public static ExportState State(NpgsqlDataReader reader, int column) => StorageNames.Parse<ExportState>(reader.GetString(column));

    public static SinkAddress AddressFromRow(NpgsqlDataReader reader, int column) =>
        new(new TenantId(reader.GetGuid(column)), reader.GetString(column + 1), reader.GetString(column + 2))
        {
            Account = reader.Text(column + 3), Endpoint = reader.Text(column + 4), Unit = StorageNames.Parse<UsageUnit>(reader.GetString(column + 5)),
        };
}
