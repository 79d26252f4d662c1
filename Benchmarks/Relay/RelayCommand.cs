using System.CommandLine;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>
/// <c>./bench relay</c>: what it costs to go through us rather than through something simpler. All rows are measured in turn,
/// round by round, so that a machine that slows down slows all of them; figures are compared as ratios within a round.
/// </summary>
internal static class RelayCommand
{
    public static Command Create()
    {
        var json = new Option<FileInfo?>("--json") { Description = "Also write the figures as JSON to this file" };
        var save = new Option<bool>("--save") { Description = "Also keep the table under Benchmarks/results" };
        var smoke = new Option<bool>("--smoke") { Description = "Small numbers, no floors, nothing installed: shows that it works, not how fast" };
        var command = new Command("relay", "Messages, memory and set-ups through the whole path, beside a bare pump and other proxies; fails below a floor") { json, save, smoke };
        command.SetAction(arguments => RunAsync(arguments.GetValue(smoke) ? RelayPlan.Smoke : RelayPlan.Full, arguments.GetValue(json), arguments.GetValue(save)));
        return command;
    }

    public static Task<int> SmokeAsync() => RunAsync(RelayPlan.Smoke, json: null, save: false);

    private static async Task<int> RunAsync(RelayPlan plan, FileInfo? json, bool save)
    {
        var load = await MachineLoad.BeginAsync();
        var (sessionBytes, setUps) = await SessionCost.MeasureAsync(plan.IdleSessions, plan.SetUps, plan.Clients, plan.Settle);
        var (measured, missing) = await MeasureRowsAsync(plan);
        var report = RelayReport.Of(measured, sessionBytes, setUps, missing, load.Describe());

        Terminal.Print(report.Table);
        if (json is not null)
            await File.WriteAllTextAsync(json.FullName, report.Json);
        if (save)
            await ResultFile.SaveAsync("relay", "The relay beside others", report.Table);
        if (!plan.HasFloors)
            return 0;
        foreach (var shortfall in report.Shortfalls)
            Terminal.Print($"below the floor: {shortfall}");
        return report.Shortfalls.Count == 0 ? 0 : 1;
    }

    private static async Task<(IReadOnlyDictionary<string, List<RoundResult>> Measured, IReadOnlyList<string> Missing)> MeasureRowsAsync(RelayPlan plan)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("relay");
        List<Peer> peers = [];
        try
        {
            var missing = await StartPeersAsync(peers, gateway, plan.MayInstall);
            var measured = peers.ToDictionary(peer => peer.Name, _ => new List<RoundResult>());
            // A server lives for days; what its first seconds cost, compilation above all, is not what a message costs.
            foreach (var peer in peers)
            {
                Terminal.Say($"warm-up: {peer.Name}");
                await LoadClients.RunAsync(peer, plan.Clients, plan.FirstWarmUp, plan.WarmUp);
            }

            for (var round = 1; round <= plan.Rounds; round++)
            {
                foreach (var peer in peers)
                {
                    Terminal.Say($"round {round} of {plan.Rounds}: {peer.Name}");
                    measured[peer.Name].Add(await LoadClients.RunAsync(peer, plan.Clients, plan.WarmUp, plan.Measure));
                }
            }

            return (measured, missing);
        }
        finally
        {
            foreach (var peer in peers)
                await peer.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<string>> StartPeersAsync(List<Peer> peers, GatewayUnderTest gateway, bool mayInstall)
    {
        List<string> missing = [];
        peers.Add(new("direct", gateway.Provider, Process: null));
        peers.Add(await Peers.StartPumpAsync(gateway.Provider));
        await AddAsync("haproxy", "haproxy", () => Peers.HasProgram("haproxy"), Peers.StartHaproxyAsync);
        await AddAsync("nginx", "nginx-light", () => Peers.HasProgram("nginx"), Peers.StartNginxAsync);
        await AddAsync("python", "python3-websockets", Peers.HasPythonWebsockets, Peers.StartPythonAsync);
        peers.Add(new("orchestrator", gateway.Session("sim-echo"), gateway.Process));
        return missing;

        async Task AddAsync(string name, string package, Func<bool> isThere, Func<Uri, Task<Peer>> start)
        {
            if (Peers.WhyMissing(package, isThere, mayInstall) is { } reason)
                missing.Add($"{name}: {reason}");
            else
                peers.Add(await start(gateway.Provider));
        }
    }
}
