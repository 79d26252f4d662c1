using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>What the platform earns of a tenant's usage and all below it.</summary>
/// <param name="IncomeMicros">What the root of the tree pays for it.</param>
/// <param name="CostMicros">What the providers are paid for it.</param>
/// <param name="UncostedMilliseconds">What was generated at no known cost.</param>
/// <param name="UncostedResponses">In how many responses tokens were used at no known cost.</param>
public sealed record PlatformMargin(long IncomeMicros, long CostMicros, long UncostedMilliseconds, long UncostedResponses = 0);

/// <summary>Invoices before they are made: sums of the ledger by model and price version.</summary>
public sealed class InvoiceStore(Database database)
{
    /// <summary>More lines than this no invoice is previewed with.</summary>
    public const int MaxLines = 1_000;

    /// <summary>What a tenant owes the one above it for what it and all below it used in a span of time.</summary>
    /// <param name="tenant">Who owes.</param>
    /// <param name="from">Recorded from here on.</param>
    /// <param name="to">Recorded before here.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<IReadOnlyList<InvoiceLine>> LinesAsync(TenantId tenant, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT s.model, v.id, v.micros_per_unit, v.rounding, v.step_seconds, v.minimum_seconds,
                   sum(c.to_ms - c.from_ms)::bigint, sum(c.seconds)::bigint, sum(c.micros)::bigint
            FROM ledger_charge c
            JOIN price_version v ON v.id = c.price_version_id
            JOIN generation g ON g.id = c.generation_id
            JOIN session s ON s.id = g.session_id
            WHERE c.payer_id = $1 AND c.tenant_id = ANY (ARRAY(SELECT id FROM tenant WHERE path @> ARRAY[$1])) AND c.recorded_at >= $2 AND c.recorded_at < $3
            GROUP BY s.model, v.id ORDER BY s.model, v.id LIMIT {MaxLines}
            """);
        command.Parameters.Value(tenant.Value).Value(from.UtcDateTime).Value(to.UtcDateTime);
        return await command.ListAsync(reader => new InvoiceLine(
            reader.GetString(0), reader.GetInt64(1), PriceRows.FromRow(reader, 2)!, reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8)), cancellationToken);
    }

    /// <summary>The same for tokens.</summary>
    public async Task<IReadOnlyList<TokenLine>> TokenLinesAsync(TenantId tenant, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken = default)
    {
        var sums = string.Join(", ", TokenKinds.All.Select(kind => $"coalesce(sum(c.counts[{(int)kind + 1}]), 0)::bigint"));
        await using var command = database.Source.CreateCommand($"""
            SELECT c.model, v.id, v.micros_per_million, ARRAY[{sums}], count(*), sum(c.micros)::bigint
            FROM token_charge c JOIN token_price_version v ON v.id = c.token_price_version_id
            WHERE c.payer_id = $1 AND c.tenant_id = ANY (ARRAY(SELECT id FROM tenant WHERE path @> ARRAY[$1])) AND c.recorded_at >= $2 AND c.recorded_at < $3
            GROUP BY c.model, v.id ORDER BY c.model, v.id LIMIT {MaxLines}
            """);
        command.Parameters.Value(tenant.Value).Value(from.UtcDateTime).Value(to.UtcDateTime);
        return await command.ListAsync(reader => new TokenLine(
            reader.GetString(0), reader.GetInt64(1), TokenMeters.PriceFromRow(reader, 2), TokenMeters.CountsFromRow(reader, 3), reader.GetInt64(4), reader.GetInt64(5)),
            cancellationToken);
    }

    /// <summary>What the platform earns; for its operator alone.</summary>
    public async Task<PlatformMargin> PlatformAsync(TenantId tenant, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            WITH scope AS MATERIALIZED (SELECT id FROM tenant WHERE path @> ARRAY[$1])
            SELECT
              (SELECT coalesce(sum(micros), 0)::bigint FROM ledger_charge
               WHERE payer_id = (SELECT root_id FROM tenant WHERE id = $1) AND tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND recorded_at >= $2 AND recorded_at < $3)
              + (SELECT coalesce(sum(micros), 0)::bigint FROM token_charge
                 WHERE payer_id = (SELECT root_id FROM tenant WHERE id = $1) AND tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND recorded_at >= $2 AND recorded_at < $3),
              (SELECT coalesce(sum(micros), 0)::bigint FROM ledger_cost
               WHERE tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND recorded_at >= $2 AND recorded_at < $3)
              + (SELECT coalesce(sum(micros), 0)::bigint FROM token_cost
                 WHERE tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND recorded_at >= $2 AND recorded_at < $3),
              (SELECT coalesce(sum(l.to_ms - l.from_ms), 0)::bigint FROM usage_ledger l JOIN generation g ON g.id = l.generation_id
               WHERE l.tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND l.recorded_at >= $2 AND l.recorded_at < $3 AND g.cost_version_id IS NULL),
              (SELECT count(*) FROM token_usage u JOIN token_meter m ON m.id = u.meter_id
               WHERE u.tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND u.recorded_at >= $2 AND u.recorded_at < $3 AND m.cost_version_id IS NULL)
            """);
        command.Parameters.Value(tenant.Value).Value(from.UtcDateTime).Value(to.UtcDateTime);
        return (await command.ListAsync(reader => new PlatformMargin(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)), cancellationToken)).Single();
    }
}
