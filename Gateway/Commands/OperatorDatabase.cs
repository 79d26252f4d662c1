using System.CommandLine;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Commands;

/// <summary>The database as the operator's verbs reach it, and what several of them ask for.</summary>
internal static class OperatorDatabase
{
    /// <summary>Runs a verb's work on it.</summary>
    public static Task<int> RunAsync(Func<Database, Task> work, CancellationToken cancellationToken) => CommandErrors.ReportAsync(async () =>
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        await using var database = new Database(GatewayConfiguration.ConnectionString(configuration));
        await SchemaStart.EnsureAsync(database, configuration, cancellationToken);
        await work(database);
    });

    /// <summary>The tenant that a verb is about.</summary>
    public static Option<Guid> Tenant() => new("--tenant") { Description = "The tenant's id", Required = true };

    /// <summary>Who does it, for the audit.</summary>
    public static Option<string> Actor(bool required) => new("--actor")
    {
        Description = "Who does this, for the audit", Required = required, DefaultValueFactory = required ? null! : _ => TenantAdmin.Operator,
    };

    /// <summary>An amount in units of the currency as micro-units; fails when it is finer than they are.</summary>
    public static long MicrosOf(decimal amount)
    {
        var micros = amount * 1_000_000m;
        return micros == decimal.Truncate(micros) && Math.Abs(micros) <= 1_000_000_000_000_000m
            ? (long)micros
            : throw new StartException("An amount has at most six decimals and is at most a billion.");
    }

    /// <summary>The tenant, whoever it is below; fails when there is none.</summary>
    public static async Task<TenantRow> FindTenantAsync(Database database, Guid id, CancellationToken cancellationToken) =>
        await new TenantQueries(database).FindAsync(new TenantId(id), new TenantId(id), cancellationToken) ?? throw new StartException($"There is no tenant {id:N}.");
}
