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

    /// <summary>Adds a key. Its name is unique; adding it again changes nothing.</summary>
    public void Add(string name, string xml)
    {
        using var command = database.Source.CreateCommand("INSERT INTO data_protection_key (name, xml) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
        command.Parameters.Value(name).Value(xml);
        command.ExecuteNonQuery();
    }
}
