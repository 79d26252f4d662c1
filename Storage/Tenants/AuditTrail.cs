using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Tenants;

/// <summary>Who changed what that has to do with money or rights: one row, in the transaction of the change itself.</summary>
public static class AuditTrail
{
    private const string Sql = "INSERT INTO audit (tenant_id, actor, action, detail) VALUES ($1, $2, $3, $4)";

    /// <summary>Writes on a connection in the caller's transaction.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="about">Whose affairs it was about; null for the platform's own.</param>
    /// <param name="actor">Who did it.</param>
    /// <param name="action">What was done, such as <c>price_set</c>.</param>
    /// <param name="detail">Written as a JSON object; it holds no secret.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public static async Task WriteAsync(
        NpgsqlConnection connection, TenantId? about, string actor, string action, object detail, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Identity(about?.Value).Value(actor).Value(action);
        command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(detail), NpgsqlDbType = NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
