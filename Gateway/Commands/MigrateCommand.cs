using System.CommandLine;
using Npgsql;
using Orchestrator.Storage.Migrations;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator migrate</c>: for operators who keep the owner's connection away from the serving processes.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Bring the database schema up to this program's version");
        command.SetAction((_, cancellationToken) => CommandErrors.ReportAsync(() => MigrateAsync(cancellationToken)));
        return command;
    }

    private static async Task MigrateAsync(CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var owner = GatewayConfiguration.OwnerConnectionString(configuration)
            ?? throw new StartException("Set ConnectionStrings__OrchestratorOwner to the role that owns the tables.");
        var role = new NpgsqlConnectionStringBuilder(GatewayConfiguration.ConnectionString(configuration)).Username!;
        var applied = await Migrator.MigrateAsync(owner, role, cancellationToken);
        Console.WriteLine(applied == 0 ? $"The schema is at version {Migrator.Latest} already." : $"Applied {applied} migrations; the schema is at version {Migrator.Latest}.");
    }
}
