using System.CommandLine;
using Orchestrator.Gateway.Commands;

namespace Orchestrator.Gateway;

/// <summary>What a program that serves is made of.</summary>
/// <param name="Add">Adds the edge, and whatever hosts its grains.</param>
/// <param name="Map">Maps the endpoints.</param>
public sealed record ProgramHost(Action<WebApplicationBuilder> Add, Action<WebApplication> Map)
{
    /// <summary>Everything in one process.</summary>
    public static ProgramHost InProcess { get; } = new(builder => builder.AddGateway().AddInProcessHost(), app => app.MapGateway());
}

/// <summary>The verbs that people type, the same for every host.</summary>
public static class OrchestratorProgram
{
    /// <summary>Does what the arguments say.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, ProgramHost host)
    {
        var parsed = new RootCommand("Orchestrator: relays, meters and records realtime sessions for resellers.")
        {
            ServeCommand.Create(host),
            MigrateCommand.Create(),
            TenantCommand.Create(),
            PriceCommand.CreatePrice(),
            PriceCommand.CreateCost(),
            WalletCommand.Create(),
            InvoiceCommand.Create(),
            ExportCommand.Create(),
            ReconcileCommand.Create(),
        }.Parse(arguments);
        // The other verbs end when they are told to, or two seconds later; a server has its own deadline, and would miss it.
        var isServer = parsed.CommandResult.Command.Name == ServeCommand.Name;
        var exitCode = await parsed.InvokeAsync(isServer ? new InvocationConfiguration { ProcessTerminationTimeout = null } : new InvocationConfiguration());
        // Where 1 means findings, what was asked for wrongly must not look like some.
        return parsed.Errors.Count > 0 && parsed.CommandResult.Command.Name == ReconcileCommand.Name ? ReconcileCommand.NotRun : exitCode;
    }
}
