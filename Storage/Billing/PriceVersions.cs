using Npgsql;

namespace Orchestrator.Storage.Billing;

/// <summary>Why a version was not added.</summary>
public enum PriceRefusal
{
    /// <summary>It was to begin before now: what has begun is never changed.</summary>
    Past,
    /// <summary>Another version of the same begins at that very instant.</summary>
    Taken,
}

/// <summary>
/// Versions of a price follow each other without a gap and without overlap, in price_version, cost_version and their twins for tokens
/// alike. The transaction of the caller holds a lock under which no other version of the same is added.
/// </summary>
/// <param name="Table">One of the tables.</param>
/// <param name="Columns">Whose price it is, but for the model: columns that are never null.</param>
/// <param name="Model">The model, or null for every one without a price of its own.</param>
internal sealed record PriceVersions(string Table, IReadOnlyList<(string Column, object Value)> Columns, string? Model)
{
    /// <summary>Adds a version from that instant on, or from now; it lasts until the next one begins.</summary>
    /// <returns>Its id and when it begins, or why there is none.</returns>
    public async Task<(long Id, DateTime From, PriceRefusal? Refusal)> AddAsync(
        NpgsqlConnection connection, IReadOnlyList<(string Column, object Value)> price, DateTime? from, CancellationToken cancellationToken)
    {
        // In a statement of its own: in the one that takes the lock it would be read before the wait.
        await using var clock = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var now = (DateTime)(await clock.ExecuteScalarAsync(cancellationToken))!;
        if (from < now)
            return (0, default, PriceRefusal.Past);

        var begins = from ?? now;
        if (await IsTakenAsync(connection, begins, cancellationToken))
            return (0, default, PriceRefusal.Taken);
        await EndRunningAsync(connection, begins, cancellationToken);
        return (await InsertAsync(connection, price, begins, cancellationToken), begins, null);
    }

    private string Mine => string.Join(" AND ", Columns.Select((column, i) => $"{column.Column} = ${i + 3}").Prepend("model IS NOT DISTINCT FROM $2"));

    private async Task<bool> IsTakenAsync(NpgsqlConnection connection, DateTime at, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, at, $"SELECT EXISTS (SELECT FROM {Table} WHERE valid_from = $1 AND {Mine})");
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>One instant ends the old version and begins the new one.</summary>
    private async Task EndRunningAsync(NpgsqlConnection connection, DateTime at, CancellationToken cancellationToken)
    {
        await using var command = Command(
            connection, at, $"UPDATE {Table} SET valid_until = $1 WHERE valid_from < $1 AND (valid_until IS NULL OR valid_until > $1) AND {Mine}");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<long> InsertAsync(
        NpgsqlConnection connection, IReadOnlyList<(string Column, object Value)> price, DateTime at, CancellationToken cancellationToken)
    {
        var names = Columns.Concat(price).Select(column => column.Column).ToList();
        await using var command = Command(connection, at, $"""
            INSERT INTO {Table} (valid_from, model, {string.Join(", ", names)}, valid_until)
            VALUES ($1, $2, {string.Join(", ", names.Select((_, i) => $"${i + 3}"))}, (SELECT min(valid_from) FROM {Table} WHERE valid_from > $1 AND {Mine}))
            RETURNING id
            """);
        foreach (var (_, value) in price)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private NpgsqlCommand Command(NpgsqlConnection connection, DateTime at, string sql)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Value(at).Optional(Model);
        foreach (var (_, value) in Columns)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
