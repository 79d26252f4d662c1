using System.Collections.Concurrent;
using Npgsql;
using Orchestrator.Domain.Billing;

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
}
