using System.Collections.Concurrent;
using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>Prices by version, kept for good once read: a version never changes what it charges.</summary>
internal sealed class PriceCache
{
    private readonly ConcurrentDictionary<long, Price> _prices = new();

    /// <summary>The price of a version, which <see cref="LoadAsync"/> has read.</summary>
    public Price? Find(long? version) => version is { } known ? _prices[known] : null;

    /// <summary>Reads those that are not known yet.</summary>
    public async Task LoadAsync(NpgsqlConnection connection, IEnumerable<long?> versions, CancellationToken cancellationToken)
    {
        var missing = versions.OfType<long>().Where(version => !_prices.ContainsKey(version)).Distinct().ToArray();
        if (missing.Length == 0)
            return;

        await using var command = new NpgsqlCommand(
            "SELECT id, micros_per_unit, rounding, step_seconds, minimum_seconds FROM price_version WHERE id = ANY($1)", connection);
        command.Parameters.Value(missing);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            _prices[reader.GetInt64(0)] = PriceRows.FromRow(reader, 1)!;
    }

    /// <summary>What tenants pay now.</summary>
    public async Task<IReadOnlyDictionary<(TenantId Tenant, string Model), Price?>> NowAsync(
        NpgsqlConnection connection, IReadOnlyList<(TenantId Tenant, string Model)> asked, CancellationToken cancellationToken)
    {
        if (asked.Count == 0)
            return new Dictionary<(TenantId, string), Price?>();

        await using var command = new NpgsqlCommand(
            "SELECT tenant_id, model, price_at(tenant_id, model, clock_timestamp()) FROM unnest($1::uuid[], $2::text[]) AS p (tenant_id, model)", connection);
        command.Parameters.Column(asked, one => one.Tenant.Value).Column(asked, one => one.Model);
        var versions = await command.ListAsync(reader => (Tenant: new TenantId(reader.GetGuid(0)), Model: reader.GetString(1), Version: reader.Number(2)), cancellationToken);
        await LoadAsync(connection, versions.Select(one => one.Version), cancellationToken);
        return versions.ToDictionary(one => (one.Tenant, one.Model), one => Find(one.Version));
    }
}
