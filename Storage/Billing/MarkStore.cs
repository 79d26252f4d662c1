using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Processes;
using Orchestrator.Grains.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// The mark flush: one statement on one connection of its own. Batches come sorted by id and the plan is a nested loop, so
/// rows are locked in that order and two flushes, or a flush and a settlement, cannot deadlock. It touches no wallet and no
/// session, so nobody's lock delays it.
/// </summary>
public sealed class MarkStore(Database database) : IMarkStore, IDisposable
{
    // The hash join that a planner may prefer for a large batch, and the scan that it prefers for a small table, would visit
    // the rows in the order of the table.
    private const string Settings =
        "-c statement_timeout=2000 -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off -c enable_seqscan=off -c enable_bitmapscan=off";

    private NpgsqlConnection? _connection;

    /// <inheritdoc/>
    public FlushOutcome Flush(long process, MarkBatch marks)
    {
        const string sql = """
            WITH lease AS (
              UPDATE process SET lease_until = clock_timestamp() + $2 WHERE id = $1 AND dead_at IS NULL RETURNING id
            ), raised AS (
              UPDATE generation g SET mark_ms = greatest(g.mark_ms, m.ms)
              FROM unnest($3::bigint[], $4::integer[], $5::bigint[]) AS m (id, epoch, ms)
              WHERE g.id = m.id AND g.epoch = m.epoch AND g.closed_at IS NULL AND EXISTS (SELECT FROM lease)
              RETURNING 1
            )
            SELECT (SELECT count(*) FROM lease)::integer, (SELECT count(*) FROM raised)::integer
            """;
        try
        {
            using var command = new NpgsqlCommand(sql, Connection());
            command.Parameters.Add(new() { Value = process });
            command.Parameters.Add(new() { Value = LeaseRule.Duration });
            Add(command, marks);
            command.Prepare();
            using var reader = command.ExecuteReader();
            reader.Read();
            return new FlushOutcome(reader.GetInt32(0) == 1, reader.GetInt32(1));
        }
        catch
        {
            // Whatever state the connection is in, the next flush begins with a new one.
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlySet<long> FindTaken(MarkBatch marks)
    {
        const string sql = """
            SELECT m.id FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS m (id, epoch, ms)
            LEFT JOIN generation g ON g.id = m.id
            WHERE g.epoch IS DISTINCT FROM m.epoch
            """;
        using var command = new NpgsqlCommand(sql, Connection());
        Add(command, marks);
        using var reader = command.ExecuteReader();
        var taken = new HashSet<long>();
        while (reader.Read())
            taken.Add(reader.GetInt64(0));
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private static void Add(NpgsqlCommand command, MarkBatch marks)
    {
        command.Parameters.Add(new() { Value = marks.Ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = marks.Epochs, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = marks.Milliseconds, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
    }

    private NpgsqlConnection Connection()
    {
        if (_connection is null)
        {
            var connection = database.CreateDedicated(Settings, commandTimeoutSeconds: 3);
            connection.Open();
            _connection = connection;
        }

        return _connection;
    }
}
