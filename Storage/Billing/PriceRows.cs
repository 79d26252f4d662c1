using Npgsql;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>Prices as four columns: micro-units per second, rounding, step, minimum.</summary>
internal static class PriceRows
{
    public static Price? FromRow(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new Price(
        reader.GetDecimal(column),
        new Rounding(reader.GetString(column + 1) == "floor" ? RoundingMode.Floor : RoundingMode.Ceil, reader.GetInt32(column + 2), reader.GetInt32(column + 3)));
}
