using Npgsql;

namespace Orchestrator.Storage;

/// <summary>
/// How the program reaches PostgreSQL: as the role that may use the tables, and, where it is to migrate, as the one that
/// owns them.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private readonly string _connectionString;

    /// <summary>Takes the connection string of the application's role.</summary>
    public Database(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "orchestrator",
            IncludeErrorDetail = false,
        };
        Default(builder, "Maximum Pool Size", () => builder.MaxPoolSize = 20);
        Default(builder, "Timeout", () => builder.Timeout = 5);
        Default(builder, "Command Timeout", () => builder.CommandTimeout = 10);
        Default(builder, "Max Auto Prepare", () => builder.MaxAutoPrepare = 64);
        Default(builder, "Auto Prepare Min Usages", () => builder.AutoPrepareMinUsages = 2);
        _connectionString = builder.ConnectionString;
        Source = NpgsqlDataSource.Create(builder);
    }

    /// <summary>Pooled connections of the application's role.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>The role that the application connects as.</summary>
    public string Role => new NpgsqlConnectionStringBuilder(_connectionString).Username!;

    /// <summary>A connection outside the pool, for the one who keeps it; with settings of its own such as <c>-c statement_timeout=2000</c>.</summary>
    public NpgsqlConnection CreateDedicated(string options, int commandTimeoutSeconds)
    {
        var builder = new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false, CommandTimeout = commandTimeoutSeconds, Timeout = commandTimeoutSeconds };
        builder.Options = string.IsNullOrEmpty(builder.Options) ? options : $"{builder.Options} {options}";
        return new NpgsqlConnection(builder.ConnectionString);
    }

    /// <summary>Whether that failure means that the database does not answer, and may answer again.</summary>
    public static bool IsAway(Exception exception) => exception is NpgsqlException { IsTransient: true } or TimeoutException;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Source.DisposeAsync();

    private static void Default(NpgsqlConnectionStringBuilder builder, string keyword, Action set)
    {
        if (!builder.ShouldSerialize(keyword))
            set();
    }
}
