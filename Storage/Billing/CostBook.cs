using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>What the platform pays a provider for a model from an instant on.</summary>
public sealed record CostVersion(
    long Id, string Provider, string? Model, string Currency, Price Price, DateTimeOffset From, DateTimeOffset? Until);

/// <summary>What the platform pays its providers, below the root of every tree. Versions follow each other as those of prices do.</summary>
public sealed class CostBook(Database database)
{
    /// <summary>Makes a cost valid from an instant on, or from now.</summary>
    /// <param name="provider">The provider's name in the configuration.</param>
    /// <param name="model">The model, or null for every model without a cost of its own.</param>
    /// <param name="currency">ISO 4217: the currency of the trees that it counts for.</param>
    /// <param name="cost">What a second costs.</param>
    /// <param name="from">When it begins, not in the past; null for now.</param>
    /// <param name="actor">Who says so, for the audit.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>Why there is no new version, or null when there is.</returns>
    public async Task<PriceRefusal?> SetAsync(
        string provider, string? model, string currency, Price cost, DateTimeOffset? from, string actor, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Changes are rare and few at once: one after the other, whatever they are about.
        await using var @lock = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.cost_version'))", connection);
        await @lock.ExecuteNonQueryAsync(cancellationToken);

        var versions = new PriceVersions("cost_version", [PriceRows.Unit, ("provider", provider), ("currency", currency)], model);
        var (id, begins, refusal) = await versions.AddAsync(connection, PriceRows.ToRow(cost), from?.UtcDateTime, cancellationToken);
        if (refusal is not null)
            return refusal;

        await AuditTrail.WriteAsync(connection, about: null, actor, "cost_set", new
        {
            version = id,
            provider,
            model,
            currency,
            micros_per_second = cost.MicrosPerSecond,
            rounding = StorageNames.Of(cost.Rounding.Mode),
            step_seconds = cost.Rounding.StepSeconds,
            minimum_seconds = cost.Rounding.MinimumSeconds,
            valid_from = begins,
        }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>The latest versions, the newest first.</summary>
    public async Task<IReadOnlyList<CostVersion>> ListAsync(int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT id, provider, model, currency, micros_per_unit, rounding, step_seconds, minimum_seconds, valid_from, valid_until
            FROM cost_version ORDER BY id DESC LIMIT $1
            """);
        command.Parameters.Value(limit);
        return await command.ListAsync(reader => new CostVersion(
            reader.GetInt64(0), reader.GetString(1), reader.Text(2), reader.GetString(3), PriceRows.FromRow(reader, 4)!,
            reader.Instant(8)!.Value, reader.Instant(9)), cancellationToken);
    }
}
