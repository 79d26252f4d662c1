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
        var only = new Option<string?>("--only") { Description = "One row beside the pump, without floors and without sessions' memory and set-ups: to compare settings" };
        only.AcceptOnlyFromAmong("direct", "haproxy", "nginx", "python", "orchestrator", PolicyPeers.Idle, PolicyPeers.Checked, OrleansPeers.Cohosted, OrleansPeers.BehindGateway);
        var command = new Command("relay", "Messages, memory and set-ups through the whole path, beside a bare pump and other proxies; fails below a floor")
        {
            json, save, smoke, only,
        };
        command.SetAction(arguments => RunAsync(
            arguments.GetValue(smoke) ? RelayPlan.Smoke : RelayPlan.Full, arguments.GetValue(only), arguments.GetValue(json), arguments.GetValue(save)));
        return command;
    }

    public static Task<int> SmokeAsync() => RunAsync(RelayPlan.Smoke, only: null, json: null, save: false);

    private static async Task<int> RunAsync(RelayPlan plan, string? only, FileInfo? json, bool save)
    {
        var load = await MachineLoad.BeginAsync();
        var cost = only is null ? await SessionCost.MeasureAsync(plan.IdleSessions, plan.SetUps, plan.Clients, plan.Settle) : null;
        var (measured, notes) = await MeasureRowsAsync(plan, only);
        var report = RelayReport.Of(measured, cost, notes, load.Describe());

        Terminal.Print(report.Table);
        if (json is not null)
            await File.WriteAllTextAsync(json.FullName, report.Json);
        if (save)
            await ResultFile.SaveAsync("relay", "The relay beside others", report.Table);
        if (!plan.HasFloors || only is not null)
            return 0;
        foreach (var shortfall in report.Shortfalls)
            Terminal.Print($"below the floor: {shortfall}");
        return report.Shortfalls.Count == 0 ? 0 : 1;
    }

    private static async Task<(IReadOnlyDictionary<string, List<RoundResult>> Measured, IReadOnlyList<string> Notes)> MeasureRowsAsync(RelayPlan plan, string? only)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("relay");
        List<Peer> peers = [];
        try
        {
            var notes = await StartPeersAsync(peers, gateway, only, plan.MayInstall);
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

            if (only is not null)
                notes.AddRange(peers.Where(peer => peer.Processes.Length > 0).Select(peer => $"{peer.Name}: {peer.ResidentBytes / 1048576.0:0} MiB (RSS) after the last round"));
            return (measured, notes);
        }
        finally
        {
            foreach (var peer in peers)
                await peer.DisposeAsync();
        }
    }

    /// <summary>Starts those that can be measured here, and says which cannot and why.</summary>
    private static async Task<List<string>> StartPeersAsync(List<Peer> peers, GatewayUnderTest gateway, string? only, bool mayInstall)
    {
        List<string> missing = [];
        await AddAsync("direct", () => null, () => Task.FromResult(new Peer("direct", gateway.Provider)));
        peers.Add(await Peers.StartPumpAsync(gateway.Provider));
        await AddAsync("haproxy", () => Peers.WhyMissing("haproxy", () => Peers.HasProgram("haproxy"), mayInstall), () => Peers.StartHaproxyAsync(gateway.Provider));
        await AddAsync("nginx", () => Peers.WhyMissing("nginx-light", () => Peers.HasProgram("nginx"), mayInstall), () => Peers.StartNginxAsync(gateway.Provider));
        await AddAsync("python", () => Peers.WhyMissing("python3-websockets", Peers.HasPythonWebsockets, mayInstall), () => Peers.StartPythonAsync(gateway.Provider));
        await AddAsync("orchestrator", () => null, () => Task.FromResult(new Peer("orchestrator", gateway.Session("sim-echo"), gateway.Process)));
        await AddAsync(PolicyPeers.Idle, () => null, () => PolicyPeers.StartAsync(PolicyPeers.Idle, gateway));
        await AddAsync(PolicyPeers.Checked, () => null, () => PolicyPeers.StartAsync(PolicyPeers.Checked, gateway));
        await AddAsync(OrleansPeers.Cohosted, () => SiloProgram.WhyMissing, () => OrleansPeers.StartCohostedAsync(gateway));
        await AddAsync(OrleansPeers.BehindGateway, () => SiloProgram.WhyMissing, () => OrleansPeers.StartBehindGatewayAsync(gateway));
        return missing;

        async Task AddAsync(string name, Func<string?> whyMissing, Func<Task<Peer>> start)
        {
            // A policy's row says something beside the row without one.
            if (only is not null && only != name && !(PolicyPeers.Names.Contains(only) && (name == "orchestrator" || PolicyPeers.Names.Contains(name))))
                return;
            if (whyMissing() is { } reason)
                missing.Add($"not measured: {name}: {reason}");
            else
                peers.Add(await start());
        }
    }
}
