using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Storage.Billing;

/// <summary>Kinds, states and addresses as they are stored.</summary>
internal static class ExportRows
{
    /// <summary>Columns of <see cref="AddressFromRow"/>, of the lane <c>l</c> and the target <c>t</c>.</summary>
    public const string AddressColumns = "t.tenant_id, l.event_name, l.customer, t.account, t.endpoint";

    private static readonly Dictionary<string, SinkKind> Kinds = Enum.GetValues<SinkKind>().ToDictionary(StorageNames.Of);
    private static readonly Dictionary<string, ExportState> States = Enum.GetValues<ExportState>().ToDictionary(StorageNames.Of);

    public static SinkKind Kind(NpgsqlDataReader reader, int column) => Kinds[reader.GetString(column)];

    public static ExportState State(NpgsqlDataReader reader, int column) => States[reader.GetString(column)];

    public static SinkAddress AddressFromRow(NpgsqlDataReader reader, int column) =>
        new(new TenantId(reader.GetGuid(column)), reader.GetString(column + 1), reader.GetString(column + 2))
        {
            Account = reader.Text(column + 3), Endpoint = reader.Text(column + 4),
        };
}
