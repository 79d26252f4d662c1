using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>A version that was added, or why none was.</summary>
public sealed record PriceChange(PriceVersion? Version, PriceRefusal? Refusal);

/// <summary>
/// What tenants are charged by the ones above them. A version is never changed, only followed by another; one that is added
/// between two others lasts until the second begins. Every process knows of a change within its next refresh.
/// </summary>
public sealed class PriceBook(Database database)
{
    /// <summary>
    /// Makes a price valid from an instant on, or from now. The version that is valid until then ends; generations that locked
    /// it keep it.
    /// </summary>
    /// <param name="tenant">Who is charged.</param>
    /// <param name="model">The model, or null for every model without a price of its own.</param>
    /// <param name="price">The price.</param>
    /// <param name="from">When it begins, not in the past; null for now.</param>
    /// <param name="actor">Who says so, for the audit.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    public async Task<PriceChange> SetAsync(
        TenantId tenant, string? model, Price price, DateTimeOffset? from, string actor, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // The tenant's row makes two changes wait for each other.
        await using var @lock = new NpgsqlCommand("SELECT id FROM tenant WHERE id = $1 FOR NO KEY UPDATE", connection);
        @lock.Parameters.Value(tenant.Value);
        if (await @lock.ExecuteScalarAsync(cancellationToken) is null)
            throw new InvalidOperationException($"There is no tenant {tenant}.");

        var versions = new PriceVersions("price_version", [PriceRows.Unit, ("tenant_id", tenant.Value)], model);
        var (id, begins, refusal) = await versions.AddAsync(connection, PriceRows.ToRow(price), from?.UtcDateTime, cancellationToken);
        if (refusal is not null)
            return new PriceChange(null, refusal);

        await AuditTrail.WriteAsync(connection, tenant, actor, "price_set", new
        {
            version = id,
            model,
            micros_per_second = price.MicrosPerSecond,
            rounding = StorageNames.Of(price.Rounding.Mode),
            step_seconds = price.Rounding.StepSeconds,
            minimum_seconds = price.Rounding.MinimumSeconds,
            valid_from = begins,
        }, cancellationToken);
        var version = await FindAsync(connection, id, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PriceChange(version, null);
    }

    /// <summary>Versions of a tenant, the newest first, before <paramref name="before"/> if given: past, running and scheduled ones.</summary>
    public async Task<IReadOnlyList<PriceVersion>> ListAsync(TenantId tenant, long? before, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand(
            $"SELECT {Columns} FROM price_version WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        command.Parameters.Value(tenant.Value).Value(before ?? long.MaxValue).Value(limit);
        return await command.ListAsync(FromRow, cancellationToken);
    }

    internal const string Columns = "id, tenant_id, model, micros_per_unit, rounding, step_seconds, minimum_seconds, valid_from, valid_until";

    private static async Task<PriceVersion> FindAsync(NpgsqlConnection connection, long id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT {Columns} FROM price_version WHERE id = $1", connection);
        command.Parameters.Value(id);
        return (await command.ListAsync(FromRow, cancellationToken)).Single();
    }

    private static PriceVersion FromRow(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), new TenantId(reader.GetGuid(1)), reader.Text(2), PriceRows.FromRow(reader, 3)!, reader.Instant(7)!.Value, reader.Instant(8));
}
