using System.CommandLine;
using Orchestrator.Gateway.Commands;

return await new RootCommand("Orchestrator: relays, meters and records realtime sessions for resellers.")
{
    ServeCommand.Create(),
    MigrateCommand.Create(),
    TenantCommand.Create(),
    PriceCommand.CreatePrice(),
    PriceCommand.CreateCost(),
    WalletCommand.Create(),
    InvoiceCommand.Create(),
}.Parse(args).InvokeAsync();
