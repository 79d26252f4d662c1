using Npgsql;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>What a session used of one model, locked while it is charged.</summary>
internal sealed record MeterRow(Guid Session, long Id, TokenCounts Counted, TokenCounts Settled)
{
    public static MeterRow FromRow(NpgsqlDataReader reader) =>
        new(reader.GetGuid(0), reader.GetInt64(1), TokenMeters.CountsFromRow(reader, 2), TokenMeters.CountsFromRow(reader, 3));
}

/// <summary>Meters of tokens between their rows and the wallets they are charged to.</summary>
internal static class TokenMeters
{
    /// <summary>Locks and reads the meters of the sessions $1 that owe something: after everything else that a settlement locks.</summary>
    public const string Unsettled = """
        SELECT session_id, id, counted, settled FROM token_meter
        WHERE session_id = ANY($1) AND settled <> counted AND payers <> '{}' ORDER BY id FOR NO KEY UPDATE
        """;

    public static TokenCounts CountsFromRow(NpgsqlDataReader reader, int column) => new(reader.GetFieldValue<long?[]>(column));

    public static TokenPrice PriceFromRow(NpgsqlDataReader reader, int column)
    {
        // A version that was made before a kind was known has no price for it, and none was used.
        var prices = reader.GetFieldValue<decimal[]>(column);
        return new TokenPrice([.. prices, .. Enumerable.Repeat(0m, TokenKinds.Count - prices.Length)]);
    }

    /// <summary>Who is charged for each meter, at the price that it locked when it began.</summary>
    public static async Task<ILookup<long, KeyValuePair<TenantId, TokenPrice?>>> PayersAsync(
        NpgsqlConnection connection, IEnumerable<MeterRow> meters, CancellationToken cancellationToken)
    {
        var ids = meters.Select(meter => meter.Id).ToArray();
        if (ids.Length == 0)
            return Enumerable.Empty<(long Meter, KeyValuePair<TenantId, TokenPrice?> Payer)>().ToLookup(row => row.Meter, row => row.Payer);

        await using var command = new NpgsqlCommand("""
            SELECT m.id, payer.id, v.micros_per_million
            FROM token_meter m CROSS JOIN unnest(m.payers) AS payer (id)
            LEFT JOIN token_price p ON p.meter_id = m.id AND p.tenant_id = payer.id
            LEFT JOIN token_price_version v ON v.id = p.token_price_version_id
            WHERE m.id = ANY($1)
            """, connection);
        command.Parameters.Value(ids);
        var rows = await command.ListAsync(
            reader => (Meter: reader.GetInt64(0), Payer: new TenantId(reader.GetGuid(1)), Price: reader.IsDBNull(2) ? null : PriceFromRow(reader, 2)), cancellationToken);
        return rows.ToLookup(row => row.Meter, row => KeyValuePair.Create(row.Payer, row.Price));
    }

    /// <summary>The wallets were charged for all that was counted when the meters were locked.</summary>
    public static NpgsqlBatchCommand Settle(IReadOnlyList<MeterRow> meters)
    {
        var command = new NpgsqlBatchCommand("UPDATE token_meter SET settled = counted WHERE id = ANY($1)");
        command.Parameters.Column(meters, meter => meter.Id);
        return command;
    }
}
