using Npgsql;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>Prices as four columns: micro-units per second, rounding, step, minimum.</summary>
internal static class PriceRows
{
    /// <summary>The unit that these prices are for, beside whoever they are of.</summary>
    public static readonly (string Column, object Value) Unit = ("unit", "second");

    public static IReadOnlyList<(string Column, object Value)> ToRow(Price price) =>
    [
        ("micros_per_unit", price.MicrosPerSecond), ("rounding", StorageNames.Of(price.Rounding.Mode)),
        ("step_seconds", price.Rounding.StepSeconds), ("minimum_seconds", price.Rounding.MinimumSeconds),
    ];

    public static Price? FromRow(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new Price(
        reader.GetDecimal(column),
        new Rounding(reader.GetString(column + 1) == "floor" ? RoundingMode.Floor : RoundingMode.Ceil, reader.GetInt32(column + 2), reader.GetInt32(column + 3)));
}
