using System.Diagnostics;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The operator's verbs, as the program that ships runs them.</summary>
public partial class OperatorScenarios(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task An_operator_prices_costs_fills_and_previews_a_root()
    {
        var added = await RunAsync("tenant", "add", "a root", "--price", "0.02");
        var tenant = Id().Match(added.Output).Value;
        string[] topUp = ["wallet", "top-up", "--tenant", tenant, "--amount", "25.5", "--key", "order 1", "--actor", "ann", "--reason", "paid"];

        var price = await RunAsync("price", "set", "--tenant", tenant, "--price", "0.03", "--rounding", "floor", "--step", "30", "--from", "2999-01-01");
        var cost = await RunAsync("cost", "set", "--provider", "decart", "--price", "0.01");
        var none = await RunAsync(topUp);
        var limit = await RunAsync("wallet", "limit", "--tenant", tenant, "--credit-limit", "10", "--threshold", "5", "--actor", "ann");
        var (first, again) = (await RunAsync(topUp), await RunAsync(topUp));
        var preview = await RunAsync("invoice", "preview", "--tenant", tenant);

        Assert.All(new[] { added, price, cost, limit, first, again, preview }, run => Assert.True(run.Status == 0, run.Output));
        Assert.Contains("0.03 USD per second", price.Output, StringComparison.Ordinal);
        Assert.Equal((1, true), (none.Status, none.Output.Contains("orchestrator: The tenant has no wallet", StringComparison.Ordinal)));
        Assert.Contains("available 35.50 USD", first.Output, StringComparison.Ordinal);
        Assert.Equal(first, again);
        Assert.Contains("total   0.00 USD", preview.Output, StringComparison.Ordinal);
        Assert.Contains("margin  0.00 USD", preview.Output, StringComparison.Ordinal);
        Assert.Equal(["ann", "ann", "operator"], await database.ListAsync<string>(
            "SELECT actor FROM audit WHERE tenant_id = $1 AND action IN ('wallet_entry_posted', 'wallet_set', 'tenant_added') ORDER BY actor", Guid.Parse(tenant)));
    }

    private async Task<Run> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "orchestrator.dll")))
            start.ArgumentList.Add(argument);
        start.Environment["ConnectionStrings__Orchestrator"] = database.ConnectionString;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        return new Run(process.ExitCode, await output + await errors);
    }

    private sealed record Run(int Status, string Output);

    [GeneratedRegex("[0-9a-f]{32}", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Id();
}
