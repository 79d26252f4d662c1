using System.CommandLine;
using Orchestrator.Benchmarks.Flush;
using Orchestrator.Benchmarks.Relay;
using Orchestrator.Benchmarks.Support;

var smoke = new Option<bool>("--smoke") { Description = "Every benchmark for a few seconds: shows that they work, not how fast" };
var root = new RootCommand("Measures Orchestrator: each command prints its table, and writes it as JSON on request.")
{
    RelayCommand.Create(),
    FlushCommand.Create(),
    PumpPeer.Create(),
    smoke,
};
root.SetAction(async arguments =>
{
    if (arguments.GetValue(smoke))
        return Math.Max(await RelayCommand.SmokeAsync(), await FlushCommand.SmokeAsync());
    Terminal.Say("Which benchmark: relay or flush? See --help.");
    return 2;
});
return await root.Parse(args).InvokeAsync();
