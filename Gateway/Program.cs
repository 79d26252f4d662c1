using System.CommandLine;
using Orchestrator.Gateway.Commands;

var arguments = new RootCommand("Orchestrator: relays, meters and records realtime sessions for resellers.")
{
    ServeCommand.Create(),
    MigrateCommand.Create(),
    TenantCommand.Create(),
    PriceCommand.CreatePrice(),
    PriceCommand.CreateCost(),
    WalletCommand.Create(),
    InvoiceCommand.Create(),
    ExportCommand.Create(),
    ReconcileCommand.Create(),
}.Parse(args);
var exitCode = await arguments.InvokeAsync();
// Where 1 means findings, what was asked for wrongly must not look like some.
return arguments.Errors.Count > 0 && arguments.CommandResult.Command.Name == ReconcileCommand.Name ? ReconcileCommand.NotRun : exitCode;
