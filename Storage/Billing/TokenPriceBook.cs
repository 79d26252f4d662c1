using Npgsql;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>A version that was added, or why none was.</summary>
public sealed record TokenPriceChange(TokenPriceVersion? Version, PriceRefusal? Refusal);

/// <summary>
/// What tokens are charged at: to tenants by the ones above them, and to the platform by its providers. Versions follow each other as
/// those of seconds do, in tables of their own; a session keeps those that stood when its first usage came.
/// </summary>
public sealed class TokenPriceBook(Database database)
{
    private const string Columns = "id, tenant_id, model, micros_per_million, valid_from, valid_until";

    /// <summary>Makes a price valid from an instant on, or from now. The version that is valid until then ends.</summary>
    /// <param name="tenant">Who is charged.</param>
    /// <param name="model">The model, or null for every model without a price of its own.</param>
    /// <param name="price">The price.</param>
    /// <param name="from">When it begins, not in the past; null for now.</param>
    /// <param name="actor">Who says so, for the audit.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    public async Task<TokenPriceChange> SetAsync(
        TenantId tenant, string? model, TokenPrice price, DateTimeOffset? from, string actor, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // The tenant's row makes two changes wait for each other.
        await using var @lock = new NpgsqlCommand("SELECT id FROM tenant WHERE id = $1 FOR NO KEY UPDATE", connection);
        @lock.Parameters.Value(tenant.Value);
        if (await @lock.ExecuteScalarAsync(cancellationToken) is null)
            throw new InvalidOperationException($"There is no tenant {tenant}.");

        var versions = new PriceVersions("token_price_version", [("tenant_id", tenant.Value)], model);
        var (id, begins, refusal) = await versions.AddAsync(connection, ToRow(price), from?.UtcDateTime, cancellationToken);
        if (refusal is not null)
            return new TokenPriceChange(null, refusal);

        var detail = new { version = id, model, micros_per_million = ByName(price), valid_from = begins };
        await AuditTrail.WriteAsync(connection, tenant, actor, "token_price_set", detail, cancellationToken);
        await using var find = new NpgsqlCommand($"SELECT {Columns} FROM token_price_version WHERE id = $1", connection);
        find.Parameters.Value(id);
        var version = (await find.ListAsync(FromRow, cancellationToken)).Single();
        await transaction.CommitAsync(cancellationToken);
        return new TokenPriceChange(version, null);
    }

    /// <summary>Versions of a tenant, the newest first, before <paramref name="before"/> if given: past, running and scheduled ones.</summary>
    public async Task<IReadOnlyList<TokenPriceVersion>> ListAsync(TenantId tenant, long? before, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand(
            $"SELECT {Columns} FROM token_price_version WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        command.Parameters.Value(tenant.Value).Value(before ?? long.MaxValue).Value(limit);
        return await command.ListAsync(FromRow, cancellationToken);
    }

    /// <summary>Makes what the platform pays a provider valid from an instant on, or from now; for trees of that currency.</summary>
    /// <returns>Why there is no new version, or null when there is.</returns>
    public async Task<PriceRefusal?> SetCostAsync(
        string provider, string? model, string currency, TokenPrice cost, DateTimeOffset? from, string actor, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Changes are rare and few at once: one after the other, whatever they are about.
        await using var @lock = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.token_cost_version'))", connection);
        await @lock.ExecuteNonQueryAsync(cancellationToken);

        var versions = new PriceVersions("token_cost_version", [("provider", provider), ("currency", currency)], model);
        var (id, begins, refusal) = await versions.AddAsync(connection, ToRow(cost), from?.UtcDateTime, cancellationToken);
        if (refusal is not null)
            return refusal;

        var detail = new { version = id, provider, model, currency, micros_per_million = ByName(cost), valid_from = begins };
        await AuditTrail.WriteAsync(connection, about: null, actor, "token_cost_set", detail, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private static IReadOnlyList<(string Column, object Value)> ToRow(TokenPrice price) => [("micros_per_million", price.ByKind.ToArray())];

    private static Dictionary<string, decimal> ByName(TokenPrice price) => TokenKinds.All.ToDictionary(StorageNames.Of, kind => price[kind]);

    private static TokenPriceVersion FromRow(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), new TenantId(reader.GetGuid(1)), reader.Text(2), TokenMeters.PriceFromRow(reader, 3), reader.Instant(4)!.Value, reader.Instant(5));
}
