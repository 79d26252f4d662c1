using Npgsql;
using NpgsqlTypes;

namespace Orchestrator.Storage;

/// <summary>Columns of a batch as array parameters, in the order of their numbers in the statement.</summary>
internal static class Parameters
{
    public static NpgsqlParameterCollection Value<T>(this NpgsqlParameterCollection parameters, T value)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return parameters;
    }

    public static NpgsqlParameterCollection Optional(this NpgsqlParameterCollection parameters, object? value)
    {
        parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        return parameters;
    }

    public static NpgsqlParameterCollection Column<TItem, T>(this NpgsqlParameterCollection parameters, IReadOnlyList<TItem> items, Func<TItem, T> value)
    {
        parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. items.Select(value)] });
        return parameters;
    }

    public static NpgsqlParameterCollection Column<TItem>(
        this NpgsqlParameterCollection parameters, IReadOnlyList<TItem> items, NpgsqlDbType type, Func<TItem, object?> value)
    {
        parameters.Add(new NpgsqlParameter { Value = items.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
        return parameters;
    }

    public static NpgsqlParameterCollection Text(this NpgsqlParameterCollection parameters, string? value) =>
        parameters.Typed(NpgsqlDbType.Text, value);

    public static NpgsqlParameterCollection Instant(this NpgsqlParameterCollection parameters, DateTimeOffset? value) =>
        parameters.Typed(NpgsqlDbType.TimestampTz, value?.UtcDateTime);

    public static NpgsqlParameterCollection Identity(this NpgsqlParameterCollection parameters, Guid? value) =>
        parameters.Typed(NpgsqlDbType.Uuid, value);

    private static NpgsqlParameterCollection Typed(this NpgsqlParameterCollection parameters, NpgsqlDbType type, object? value)
    {
        parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        return parameters;
    }
}
