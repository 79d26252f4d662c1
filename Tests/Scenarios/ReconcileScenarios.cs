using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Tests.Billing.Reconciliation;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary><c>orchestrator reconcile</c>, as the program that ships runs it.</summary>
[Trait("Category", "Slow")]
public sealed class ReconcileScenarios : IAsyncLifetime
{
    private readonly ReconciliationWorld _world = new();
    private readonly string _masterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public Task InitializeAsync() => _world.InitializeAsync();

    public Task DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Invariant_24_a_person_is_told_in_a_table_whose_last_line_is_the_verdict()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        var run = await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-2), 61);
        await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-3), 30);
        await _world.ExportAsync();
        var session = (await _world.SentAsync()).Single(sent => sent.Value == 61);
        var before = await _world.FingerprintAsync();

        var clean = await RunAsync("reconcile");
        _world.Stripe.Fail(session.Identifier);
        var (found, json) = (await RunAsync("reconcile"), await RunAsync("reconcile", "--json"));

        Assert.True((clean.Status, found.Status, json.Status) == (0, 1, 1), clean.Output + found.Output + json.Output);
        Assert.EndsWith("CLEAN: every count agrees\n", clean.Output, StringComparison.Ordinal);
        Assert.EndsWith("1 FINDINGS, 61 s unexplained\n", found.Output, StringComparison.Ordinal);
        Assert.Matches($@"missing +61 s +[0-9-]+ [0-9:]+ +{session.Session:N} +cus_1: acknowledged by the sink and not counted", found.Output);
        var first = JsonDocument.Parse(json.Output).RootElement.GetProperty("findings")[0];
        Assert.Equal(("missing", session.Session.ToString("N")), (first.GetProperty("kind").GetString(), first.GetProperty("sources")[0].GetProperty("session").GetString()));
        Assert.Equal(before, await _world.FingerprintAsync());
        Assert.True(run > 0);
    }

    [Fact]
    public async Task Invariant_30_a_provider_s_invoice_is_held_against_the_ledger()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        var run = await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-2), 60, "owner_lost");
        await _world.ExportAsync();
        var invoice = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await File.WriteAllTextAsync(invoice, $"session_id,seconds\nupstream {run},64.5\nno session of ours,7\n");

            var told = await RunAsync("reconcile", "--provider-invoice", invoice);

            Assert.True(told.Status == 1, told.Output);
            Assert.Matches("decart +mirage +owner_lost +1 +64.5 +60 +60 +4.5 +0\n", told.Output);
            Assert.Contains("invoice_above", told.Output, StringComparison.Ordinal);
            Assert.EndsWith("2 FINDINGS, 11.5 s unexplained\n", told.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(invoice);
        }
    }

    [Theory]
    [InlineData("--correct")]
    [InlineData("--correct", "--actor", "ann")]
    [InlineData("--actor", "ann")]
    [InlineData("--unknown")]
    [InlineData("--provider-invoice", "no such file")]
    public async Task What_cannot_be_done_is_no_finding(params string[] arguments)
    {
        var told = await RunAsync(["reconcile", .. arguments]);

        Assert.True(told.Status == 2, $"{told.Status}: {told.Output}");
    }

    private async Task<(int Status, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, ProgramUnderTest.Program)))
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        start.Environment["ConnectionStrings__Orchestrator"] = _world.Database.ConnectionString;
        start.Environment["MasterKey"] = _masterKey;
        start.Environment["Stripe__BaseAddress"] = _world.Export.StripeAddress.ToString();
        start.Environment["Stripe__ApiKey"] = "sk_test_simulator";
        start.Environment["Stripe__TestMode"] = "true";
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output + await errors);
    }
}
