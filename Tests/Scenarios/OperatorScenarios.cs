using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Orchestrator.Gateway.Commands;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The operator's verbs, as the program that ships runs them.</summary>
public partial class OperatorScenarios(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly string _masterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [Fact]
    public async Task An_operator_prices_costs_fills_and_previews_a_root()
    {
        var added = await RunAsync("tenant", "add", "a root", "--price", "0.02");
        var tenant = Id().Match(added.Output).Value;
        string[] topUp = ["wallet", "top-up", "--tenant", tenant, "--amount", "25.5", "--key", "order 1", "--actor", "ann", "--reason", "paid"];

        var price = await RunAsync("price", "set", "--tenant", tenant, "--price", "0.03", "--rounding", "floor", "--step", "30", "--from", "2999-01-01");
        var cost = await RunAsync("cost", "set", "--provider", "decart", "--price", "0.01", "--actor", "ann");
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
        Assert.Equal("ann", await database.ReadAsync<string>("SELECT actor FROM audit WHERE tenant_id IS NULL AND action = 'cost_set'"));
    }

    [Fact]
    public async Task An_operator_sends_usage_with_the_platforms_key_a_tenants_own_and_into_files()
    {
        var tenant = Id().Match((await RunAsync("tenant", "add", "an exported root", "--price", "0.02")).Output).Value;
        var folder = Directory.CreateTempSubdirectory("export");
        var keyFile = Path.Combine(folder.FullName, "key");
        await PrivateFile.WriteAsync(keyFile, "sk_test_of_the_tenant", CancellationToken.None);
        string[] to = ["export", "add", "--tenant", tenant, "--event-name", "seconds", "--customer", "cus_1", "--actor", "ann"];

        var platform = await RunAsync([.. to, "--meter", "mtr_1"]);
        var again = await RunAsync(to);
        var own = await RunAsync([.. to, "--key-file", keyFile, "--account", "acct_1"]);
        var file = await RunAsync([.. to, "--kind", "file", "--endpoint", "seconds"]);
        var wrong = await RunAsync([.. to, "--kind", "cloud-events", "--endpoint", "http://10.0.0.1/"]);
        var retired = await RunAsync("export", "retire", "--tenant", tenant, "--target", Id().Match(file.Output).Value, "--actor", "ann");
        var list = await RunAsync("export", "list", "--tenant", tenant);

        Assert.All(new[] { platform, own, file, retired, list }, run => Assert.True(run.Status == 0, run.Output));
        Assert.Equal((1, "orchestrator: The address must begin with https://."), (wrong.Status, wrong.Output.Trim()));
        Assert.Equal(1, again.Status);
        Assert.Contains("orchestrator: The tenant has a target for this customer", again.Output, StringComparison.Ordinal);
        Assert.Equal(3, list.Output.Split("added by the operator").Length - 1);
        Assert.DoesNotContain("sk_test_", list.Output + own.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["key_ false", "platfo true", "tenant true"],
            await database.ListAsync<string>("""
                SELECT CASE WHEN l.kind = 'file' THEN 'tenant' ELSE substr(l.account, 1, CASE WHEN t.credential IS NULL THEN 6 ELSE 4 END) END
                       || ' ' || (t.credential IS NULL)::text
                FROM export_target t JOIN export_lane l ON l.id = t.lane_id WHERE t.tenant_id = $1 ORDER BY 1
                """, Guid.Parse(tenant)));
        Assert.Equal("export_target_added export_target_added export_target_added export_target_retired", await database.ReadAsync<string>(
            "SELECT string_agg(action, ' ' ORDER BY id) FROM audit WHERE tenant_id = $1 AND actor = 'ann'", Guid.Parse(tenant)));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_demo_gets_its_tree_in_a_database_of_before_and_only_once()
    {
        var before = await RunAsync("tenant", "add", "Demo reseller", "--price", "0.02");
        var reseller = Guid.Parse(Id().Match(before.Output).Value);
        var folder = Directory.CreateTempSubdirectory("demo-keys-");
        string[] demo = ["tenant", "demo", "--key-file", Path.Combine(folder.FullName, "a.key"), "--reseller-key-file", Path.Combine(folder.FullName, "b.key")];

        var (first, again) = (await RunAsync(demo), await RunAsync(demo));

        Assert.Equal((0, 2), (first.Status, first.Output.Split("shown this once").Length - 1));
        Assert.Equal(new Run(0, ""), again);
        Assert.Equal(["Demo customer", "Demo reseller"], await database.ListAsync<string>("SELECT name FROM tenant WHERE $1 = ANY (path) ORDER BY name", reseller));
        Assert.Equal([12_000m, 20_000m], await database.ListAsync<decimal>("""
            SELECT v.micros_per_unit::numeric FROM price_version v JOIN tenant t ON t.id = v.tenant_id WHERE $1 = ANY (t.path) AND v.valid_until IS NULL ORDER BY 1
            """, reseller));
        Assert.Equal(["acct_demo_reseller/cus_demo_customer", "platform/cus_demo_reseller"], await database.ListAsync<string>("""
            SELECT coalesce(x.account, 'platform') || '/' || l.customer FROM export_target x JOIN export_lane l ON l.id = x.lane_id JOIN tenant t ON t.id = x.tenant_id
            WHERE $1 = ANY (t.path) ORDER BY 1
            """, reseller));
        Assert.Equal([100_000_000L], await database.ListAsync<long>(
            "SELECT granted_micros FROM wallet w JOIN tenant t ON t.id = w.tenant_id WHERE t.parent_id = $1 AND credit_limit_micros = 0", reseller));
        folder.Delete(recursive: true);
    }

    private async Task<Run> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, ProgramUnderTest.Program)))
            start.ArgumentList.Add(argument);
        start.Environment["ConnectionStrings__Orchestrator"] = database.ConnectionString;
        start.Environment["MasterKey"] = _masterKey;
        start.Environment["Stripe__ApiKey"] = "sk_test_platform";
        start.Environment["Export__Directory"] = Path.GetTempPath();
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
