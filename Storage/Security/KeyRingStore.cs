using Npgsql;

namespace Orchestrator.Storage.Security;

/// <summary>Rows of the key ring. Blocking, since the framework that keeps the ring asks for it so, at its start and once a day.</summary>
public sealed class KeyRingStore(Database database)
{
    /// <summary>Every key, as XML.</summary>
    public IReadOnlyList<string> Read()
    {
        using var command = database.Source.CreateCommand("SELECT xml FROM data_protection_key ORDER BY created_at, name");
        using var reader = command.ExecuteReader();
        var keys = new List<string>();
        while (reader.Read())
            keys.Add(reader.GetString(0));
        return keys;
    }

    /// <summary>
    /// Adds a key. Its name is unique; adding it again changes nothing. Of the first keys that several processes make at the
    /// same time one is kept: a process reads the ring once a day, and would not know the key of the other until then.
    /// </summary>
    public void Add(string name, string xml)
    {
        using var connection = database.Source.OpenConnection();
        using var transaction = connection.BeginTransaction();
        using var @lock = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtext('data_protection_key'))", connection);
        @lock.ExecuteNonQuery();
        using var command = new NpgsqlCommand("""
            INSERT INTO data_protection_key (name, xml) SELECT $1, $2
            WHERE NOT EXISTS (SELECT FROM data_protection_key WHERE created_at > clock_timestamp() - interval '1 minute')
            ON CONFLICT (name) DO NOTHING
            """, connection);
        command.Parameters.Value(name).Value(xml);
        command.ExecuteNonQuery();
        transaction.Commit();
    }
}
