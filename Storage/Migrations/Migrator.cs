using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace Orchestrator.Storage.Migrations;

/// <summary>One numbered step of the schema.</summary>
public sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>What was applied, to tell when a file was changed afterwards.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));
}

/// <summary>
/// Brings a schema up to this program's version: numbered files, each once, in one transaction under an advisory lock, so
/// that several processes may try at once. Each migration leaves the previous version of the program running.
/// </summary>
public static partial class Migrator
{
    /// <summary>The steps, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load();

    /// <summary>The version this program needs.</summary>
    public static int Latest => All[^1].Version;

    /// <summary>Applies what is missing as the owner of the tables, and lets the application's role use them.</summary>
    /// <returns>How many steps were applied.</returns>
    public static async Task<int> MigrateAsync(string ownerConnectionString, string applicationRole, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(ownerConnectionString);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // One schema is migrated by one process at a time; another schema of the same database is not kept waiting.
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(hashtext('orchestrator migrations'), hashtext(current_schema()))", cancellationToken);
        await ExecuteAsync(connection, """
            CREATE TABLE IF NOT EXISTS schema_version (
              version     integer PRIMARY KEY,
              name        text NOT NULL,
              checksum    text NOT NULL,
              applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """, cancellationToken);

        var applied = await AppliedAsync(connection, cancellationToken);
        var missing = All.Where(migration => !applied.ContainsKey(migration.Version)).ToList();
        foreach (var migration in All.Except(missing).Where(migration => applied[migration.Version] != migration.Checksum))
            throw new InvalidOperationException($"Migration {migration.Version:0000}_{migration.Name} was changed after it was applied; add a new one instead.");

        foreach (var migration in missing)
            await ApplyAsync(connection, migration, cancellationToken);
        // Another role than last time, or a right that somebody took away.
        if (missing.Count > 0 || !await MayUseAsync(connection, applicationRole, cancellationToken))
            await ExecuteAsync(connection, Grants(applicationRole), cancellationToken);

        await transaction.CommitAsync(cancellationToken);
        return missing.Count;
    }

    /// <summary>Says in one sentence why the schema does not fit this program, or null when it does.</summary>
    public static async Task<string?> ComplaintAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var usable = new NpgsqlCommand("SELECT has_table_privilege(t, 'SELECT') FROM to_regclass('schema_version') AS t", connection);
        if (await usable.ExecuteScalarAsync(cancellationToken) is not true)
        {
            var role = new NpgsqlConnectionStringBuilder(source.ConnectionString).Username;
            return $"The database has no schema of ours that the role {role} may use; set ConnectionStrings__OrchestratorOwner once, so that it is made ready at version {Latest}.";
        }

        var version = (await AppliedAsync(connection, cancellationToken)).Keys.DefaultIfEmpty().Max();
        return version < Latest
            ? $"The database schema is at version {version} and this program needs {Latest}; set ConnectionStrings__OrchestratorOwner, so that it can be migrated."
            : null;
    }

    // The application reads and writes rows, and deletes only what retention is about, holds and thresholds.
    // It owns nothing and alters nothing.
    private static string Grants(string role) => $"""
        DO $$
        BEGIN
          EXECUTE format('GRANT USAGE ON SCHEMA %I TO {Quote(role)}', current_schema());
          EXECUTE format('GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA %I TO {Quote(role)}', current_schema());
          EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO {Quote(role)}', current_schema());
        END $$;
        REVOKE UPDATE ON usage_ledger, generation_price, token_usage, token_price, wallet_entry, wallet_event, audit, schema_version FROM {Quote(role)};
        REVOKE INSERT ON schema_version FROM {Quote(role)};
        REVOKE INSERT, UPDATE ON OrleansQuery FROM {Quote(role)};
        GRANT DELETE ON session, session_event, process, hold, wallet_threshold, audit, webhook_event, export_event, export_item TO {Quote(role)};
        GRANT DELETE ON OrleansMembershipVersionTable, OrleansMembershipTable, OrleansRemindersTable TO {Quote(role)};
        """;

    private static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static async Task<bool> MayUseAsync(NpgsqlConnection connection, string role, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT has_schema_privilege($1, current_schema(), 'USAGE') AND has_table_privilege($1, 'schema_version', 'SELECT')", connection);
        command.Parameters.Add(new() { Value = role });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, migration.Sql, cancellationToken);
        await using var record = new NpgsqlCommand("INSERT INTO schema_version (version, name, checksum) VALUES ($1, $2, $3)", connection);
        record.Parameters.Add(new() { Value = migration.Version });
        record.Parameters.Add(new() { Value = migration.Name });
        record.Parameters.Add(new() { Value = migration.Checksum });
        await record.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<Dictionary<int, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var applied = new Dictionary<int, string>();
        await using var command = new NpgsqlCommand("SELECT version, checksum FROM schema_version", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            applied.Add(reader.GetInt32(0), reader.GetString(1));
        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static List<Migration> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Select(name => (Resource: name, Match: FileName().Match(name)))
            .Where(entry => entry.Match.Success)
            .Select(entry => new Migration(
                int.Parse(entry.Match.Groups["version"].Value, CultureInfo.InvariantCulture), entry.Match.Groups["name"].Value, Read(assembly, entry.Resource)))
            .OrderBy(migration => migration.Version)];
    }

    private static string Read(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\.(?<version>\d{4})_(?<name>\w+)\.sql$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileName();
}
