using System.CommandLine;
using Orchestrator.Benchmarks.Cluster;
using Orchestrator.Benchmarks.Faults;
using Orchestrator.Benchmarks.Flush;
using Orchestrator.Benchmarks.Ledger;
using Orchestrator.Benchmarks.Relay;
using Orchestrator.Benchmarks.Support;

var smoke = new Option<bool>("--smoke") { Description = "Every benchmark for a few seconds: shows that they work, not how fast" };
var root = new RootCommand("Measures Orchestrator: each command prints its table, and writes it as JSON on request.")
{
    RelayCommand.Create(),
    FlushCommand.Create(),
    LedgerCommand.Create(),
    ClusterCommand.Create(),
    FaultsCommand.Create(),
    SkewedGateway.Create(),
    PumpPeer.Create(),
    smoke,
};
root.SetAction(async arguments =>
{
    if (arguments.GetValue(smoke))
    {
        return new[]
        {
            await RelayCommand.SmokeAsync(), await ClusterCommand.SmokeAsync(), await FlushCommand.SmokeAsync(), await LedgerCommand.SmokeAsync(), await FaultsCommand.SmokeAsync(),
        }.Max();
    }

    Terminal.Say("Which benchmark: relay, cluster, flush, ledger or faults? See --help.");
    return 2;
});
return await root.Parse(args).InvokeAsync();
