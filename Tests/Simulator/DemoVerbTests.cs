using Orchestrator.Simulator.Demo;
using Orchestrator.Simulator.Demo.Dialects;

namespace Orchestrator.Tests.Simulator;

public sealed class DemoVerbTests : IDisposable
{
    private readonly FileInfo _keyFile = new(Path.GetTempFileName());
    private readonly FileInfo _resellerKeyFile = new(Path.GetTempFileName());
    private readonly StringWriter _output = new();

    public DemoVerbTests()
    {
        File.WriteAllText(_keyFile.FullName, DemoGateway.Key + "\n");
        File.WriteAllText(_resellerKeyFile.FullName, DemoGateway.ResellerKey + "\n");
    }

    private string[] Lines => _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public async Task It_tells_the_story_and_ends_with_the_figures()
    {
        await using var gateway = await new DemoGateway().StartAsync();

        var status = await PlayAsync(gateway);

        Assert.Equal((0, "demo ok: 5.000 s generated, 5.000 s recorded, 0.10 USD charged"), (status, Lines[^1]));
        Assert.Contains(Lines, line => line.EndsWith("7 meter         The client hears tick 5: 5 s.", StringComparison.Ordinal));
        Assert.Contains(Lines, line => line.EndsWith("9 bill          Ledger row: run 1, from 0.000 to 5.000 s.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_of_dialect_B_joins_and_is_given_a_room()
    {
        await using var gateway = await new DemoGateway
        {
            Frames =
            [
                """{"type":"queue_position","position":1,"queue_size":1}""",
                """{"type":"livekit_room_info","livekit_url":"ws://media.example/","token":"t","room_name":"r","session_id":"sim-1"}""",
                .. Enumerable.Range(1, 5).Select(second => $$"""{"type":"generation_tick","seconds":{{second}}}"""),
            ],
        }.StartAsync();

        var status = await PlayAsync(gateway, dialect: "decart-b");

        Assert.Equal((0, "demo ok: 5.000 s generated, 5.000 s recorded, 0.10 USD charged"), (status, Lines[^1]));
        Assert.Equal("""{"type":"livekit_join","passthrough":true}""", gateway.FirstWords);
        Assert.Contains(Lines, line => line.EndsWith("6 relay         The client hears its place in the queue: 1.", StringComparison.Ordinal));
        Assert.Contains(Lines, line => line.EndsWith("6 relay         The client is given a room at ws://media.example/; its media would go there.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_dialect_that_nobody_plays_is_refused_with_the_list()
    {
        var parsed = DemoCommand.Create().Parse(["--dialect", "morse", "--key-file", _keyFile.FullName]);

        var message = Assert.Single(parsed.Errors).Message;
        Assert.Contains("'morse'", message, StringComparison.Ordinal);
        Assert.All(DemoDialects.All, dialect => Assert.Contains($"'{dialect.Name}'", message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_tells_the_charge_at_both_levels_and_what_Stripe_acknowledged()
    {
        await using var gateway = await new DemoGateway().StartAsync();

        var status = await PlayAsync(gateway, tree: true);

        Assert.Equal((0, "demo ok: 5.000 s generated, 5.000 s recorded, 0.10 USD charged"), (status, Lines[^1]));
        Assert.Equal(
            [
                "Charge: the customer pays 0.10 USD (5 s at 0.02), the reseller pays 0.06 USD (5 s at 0.012).",
                "Margin: the reseller keeps 0.04 USD.",
                "Hold: the wallet had authorised 10 s, 0.10 USD were taken and the rest released; 99.90 USD of prepaid credit are left.",
                "Stripe acknowledged generation_seconds 5 for cus_reseller of acct_simulator as v1:wholesale (accepted once).",
                "Stripe acknowledged generation_seconds 5 for cus_customer of acct_reseller as v1:retail (accepted once).",
            ],
            Lines[^6..^1].Select(line => line[line.IndexOf("bill          ", StringComparison.Ordinal)..]["bill          ".Length..]));
        Assert.DoesNotContain(DemoGateway.ResellerKey, _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_another_gateway_sent_counts_and_who_is_gone_is_passed_over()
    {
        await using var gateway = await new DemoGateway { Accepted = 0 }.StartAsync();
        await using var other = await new DemoGateway().StartAsync();
        var gone = await new DemoGateway().StartAsync();
        var address = gone.Address;
        await gone.DisposeAsync();

        var status = await PlayAsync(gateway, patience: null, tree: true, address, other.Address);

        Assert.Equal((0, "demo ok: 5.000 s generated, 5.000 s recorded, 0.10 USD charged"), (status, Lines[^1]));
    }

    [Theory]
    [InlineData(0, 5, "demo failed: batch v1:wholesale is sent, but Stripe counts it 0 times.")]
    [InlineData(2, 5, "demo failed: batch v1:wholesale is sent, but Stripe counts it 2 times.")]
    [InlineData(1, 4, "demo failed: batch v1:wholesale has 5 s of this session, but Stripe accepted 4 s.")]
    public async Task It_fails_when_Stripe_disagrees(int accepted, int value, string verdict)
    {
        await using var gateway = await new DemoGateway { Accepted = accepted, AcceptedSeconds = value }.StartAsync();

        Assert.Equal((1, verdict), (await PlayAsync(gateway, tree: true), Lines[^1]));
    }

    [Fact]
    public async Task It_fails_when_the_levels_pay_for_other_seconds()
    {
        await using var gateway = await new DemoGateway { ResellerSeconds = 6 }.StartAsync();

        Assert.Equal((1, "demo failed: the customer pays for 5 s, but the reseller for 6 s."), (await PlayAsync(gateway, tree: true), Lines[^1]));
    }

    [Fact]
    public async Task It_waits_for_usage_to_leave_and_says_so()
    {
        await using var gateway = await new DemoGateway { BatchState = "pending" }.StartAsync();

        var status = await PlayAsync(gateway, TimeSpan.FromSeconds(3), tree: true);

        Assert.Equal((1, "demo failed: it was not over after 3 s; it still waited for Stripe to acknowledge batch v1:wholesale."), (status, Lines[^1]));
    }

    [Fact]
    public async Task It_fails_when_the_figures_differ()
    {
        await using var gateway = await new DemoGateway { LedgerTo = 4.001m }.StartAsync();

        var status = await PlayAsync(gateway);

        Assert.Equal((1, "demo failed: the provider generated 5.000 s, but the ledger holds 4.001 s, 0.999 s too few."), (status, Lines[^1]));
    }

    [Fact]
    public async Task It_prints_no_credential()
    {
        await using var gateway = await new DemoGateway().StartAsync();

        await PlayAsync(gateway);

        Assert.DoesNotContain(DemoGateway.Key, _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("ek_", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_does_not_fit_is_named_with_what_to_do()
    {
        await using var gateway = await new DemoGateway().StartAsync();
        await File.WriteAllTextAsync(_keyFile.FullName, "ork_of_another_database");

        var status = await PlayAsync(gateway);

        Assert.Equal(1, status);
        Assert.Equal(
            "demo failed: The gateway refuses POST v1/client/tokens: 401 invalid_credential, Unauthorized: invalid API key. "
            + "The key in the key file does not fit the gateway's database; ./run makes one that does.",
            Lines[^1]);
    }

    [Fact]
    public async Task A_key_file_that_is_missing_is_named()
    {
        _keyFile.Delete();
        await using var gateway = await new DemoGateway().StartAsync();

        Assert.Equal(1, await PlayAsync(gateway));
        Assert.Contains(_keyFile.FullName, Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_that_the_client_is_told_ends_it()
    {
        await using var gateway = await new DemoGateway { Frames = ["""{"type":"error","error":"Server at capacity"}"""] }.StartAsync();

        Assert.Equal(1, await PlayAsync(gateway));
        Assert.Equal("demo failed: The client was told: Server at capacity.", Lines[^1]);
    }

    [Fact]
    public async Task A_gateway_that_closes_early_ends_it()
    {
        await using var gateway = await new DemoGateway { Frames = ["""{"type":"generation_tick","seconds":1}"""], Closes = true }.StartAsync();

        Assert.Equal(1, await PlayAsync(gateway));
        Assert.Equal("demo failed: The gateway closed the client's connection after 1 ticks: 4400 Unauthorized.", Lines[^1]);
    }

    [Fact]
    public async Task It_gives_up_and_says_what_it_waited_for()
    {
        await using var gateway = await new DemoGateway { Frames = [] }.StartAsync();

        var status = await PlayAsync(gateway, TimeSpan.FromSeconds(1));

        Assert.Equal((1, "demo failed: it was not over after 1 s; it still waited for the answer to the client's offer."), (status, Lines[^1]));
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_is_named()
    {
        var gateway = await new DemoGateway().StartAsync();
        var address = gateway.Address;
        await gateway.DisposeAsync();

        var status = await DemoCommand.RunAsync(
            new() { Gateway = address, Simulator = address, KeyFile = _keyFile }, _output, colours: false, TimeProvider.System, CancellationToken.None);

        Assert.Equal(1, status);
        Assert.StartsWith($"demo failed: The gateway at {address} cannot be reached", Lines[^1], StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _keyFile.Delete();
        _resellerKeyFile.Delete();
        _output.Dispose();
    }

    private Task<int> PlayAsync(DemoGateway gateway, TimeSpan? patience = null, bool tree = false, params Uri[] others) =>
        PlayAsync(gateway, "decart-a", patience, tree, others);

    private Task<int> PlayAsync(DemoGateway gateway, string dialect, TimeSpan? patience = null, bool tree = false, params Uri[] others) => DemoCommand.RunAsync(
        new()
        {
            Gateway = gateway.Address, Simulator = gateway.Address, OtherSimulators = others, KeyFile = _keyFile, ResellerKeyFile = tree ? _resellerKeyFile : null,
            Dialect = DemoDialects.Find(dialect)!, Patience = patience ?? TimeSpan.FromSeconds(20),
        },
        _output, colours: false, TimeProvider.System, CancellationToken.None);
}
