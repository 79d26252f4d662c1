using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Sessions that live on credit: what they are let in with, how they go on, and how they end when it is spent.</summary>
public class CreditScenarios(CreditWorld world, ITestOutputHelper output) : IClassFixture<CreditWorld>
{
    private const long Second = (long)World.MicrosPerSecond;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    /// <summary>Real time, so that no count is ahead of the clock.</summary>
    private static Script Counting => Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.1m, step: 0.1m);

    [Fact]
    public async Task Without_credit_nothing_opens()
    {
        var reseller = await world.NewTenantAsync();
        await world.GiveAsync(reseller.Id, seconds: 0.5m);

        await using var client = await world.ConnectAsync(reseller.Key, "test-never");
        var farewell = await client.FarewellAsync();

        Assert.Equal((4402, "Permission denied: insufficient credits"), (farewell.Code, farewell.Reason));
        Assert.Equal(0, await world.Database.ReadAsync<long>("SELECT count(*) FROM session WHERE tenant_id = $1", reseller.Id.Value));
        Assert.Equal(Second / 2, (await world.SettledAsync(reseller.Id)).Balance.Available);
    }

    [Theory]
    [InlineData("ticking", 1000)]
    [InlineData("silent", 5)]
    public async Task A_session_ends_with_its_credit_whether_the_provider_ticks_or_not(string provider, int ticks)
    {
        var reseller = await world.NewTenantAsync();
        await world.GiveAsync(reseller.Id, seconds: 3.5m);
        world.Provider.Play($"test-spent-{provider}", Script.Begin.SendSessionId().GenerationStarted().Ticks(ticks, Beat, from: 0.1m, step: 0.1m).Hold());

        var (client, upstream) = await world.OpenAsync(reseller, $"test-spent-{provider}");
        await using var _ = client;
        var farewell = await client.FarewellAsync();

        Assert.Equal((4402, "Permission denied: insufficient credits"), (farewell.Code, farewell.Reason));
        var ended = client.All.Single(frame => frame.Type == "generation_ended").Text;
        Assert.Contains("\"insufficient_credits\"", ended, StringComparison.Ordinal);
        Assert.Equal(1000, (await upstream.ExpectCloseAsync()).Code);
        Assert.Equal("insufficient_credits", await world.EndOfAsync(reseller, client.Session!));
        var book = await Books.OfAsync(world.Database, client.Session!);
        Books.AssertClosed(book);
        Assert.InRange(book.MarkMs, Math.Min(ticks * 100, 2_400), 3_000);
        var wallet = await world.SettledAsync(reseller.Id);
        Assert.Equal((book.MarkMs + 999) / 1000 * Second, wallet.Balance.Settled);
        Assert.Equal(0, wallet.Balance.Debt);
    }

    [Fact]
    public async Task A_session_is_held_chunk_by_chunk_and_a_top_up_keeps_it_alive()
    {
        var reseller = await world.NewTenantAsync();
        await world.GiveAsync(reseller.Id, seconds: 11);
        world.Provider.Play("test-chunks", Counting);
        await using var client = await world.ConnectAsync(reseller.Key, "test-chunks");
        var first = await Eventually.SeesAsync("the first chunk is held", () => world.WalletAsync(reseller.Id), wallet => wallet.Balance.Held > 0);
        Assert.Equal(10 * Second, first.Balance.Held);

        // The last chunk is what is affordable; more comes before that is spent.
        var last = await Eventually.SeesAsync(
            "everything is held or spent", () => world.WalletAsync(reseller.Id), wallet => wallet.Balance.Available == 0, TimeSpan.FromSeconds(20));
        last.AssertInOrder();
        await world.TopUpAsync(reseller.Id, seconds: 100);
        await Eventually.IsAsync("it lives beyond its first credit", () => Task.FromResult(client.LastTickMs >= 12_000), TimeSpan.FromSeconds(30));
        await client.CloseAsync();

        Assert.Equal("client_closed", await world.EndOfAsync(reseller, client.Session!));
        var book = await Books.OfAsync(world.Database, client.Session!);
        var wallet = await world.SettledAsync(reseller.Id);
        Assert.Equal((book.MarkMs + 999) / 1000 * Second, wallet.Balance.Settled);
    }

    [Fact]
    public async Task Every_wallet_above_a_session_is_debited_or_none()
    {
        var top = await world.NewTenantAsync();
        var middle = await world.NewTenantAsync(top.Id);
        var (rich, poor) = (await world.NewTenantAsync(middle.Id), await world.NewTenantAsync(middle.Id));
        await world.GiveAsync(top.Id, seconds: 100);
        await world.GiveAsync(rich.Id, seconds: 50);
        await world.GiveAsync(poor.Id, seconds: 0.2m);
        world.Provider.Play("test-levels", Counting);

        await using var refused = await world.ConnectAsync(poor.Key, "test-levels");
        Assert.Equal(4402, (await refused.FarewellAsync()).Code);
        Assert.Equal(0, (await world.WalletAsync(top.Id)).Balance.Held);
        await using var client = await world.ConnectAsync(rich.Key, "test-levels");
        await client.TicksAsync(12);
        await client.CloseAsync();

        await world.EndOfAsync(rich, client.Session!);
        var (above, own) = (await world.SettledAsync(top.Id), await world.SettledAsync(rich.Id));
        Assert.Equal(2 * Second, own.Balance.Settled);
        Assert.Equal(own.Balance.Settled, above.Balance.Settled);
    }

    [Fact]
    public async Task A_limit_on_credit_lets_a_wallet_below_zero_and_no_further()
    {
        var reseller = await world.NewTenantAsync();
        await world.GiveAsync(reseller.Id, seconds: 0, creditLimit: 2 * Second);
        world.Provider.Play("test-post-paid", Counting);

        await using var client = await world.ConnectAsync(reseller.Key, "test-post-paid");

        Assert.Equal(4402, (await client.FarewellAsync()).Code);
        await world.EndOfAsync(reseller, client.Session!);
        var wallet = await world.SettledAsync(reseller.Id);
        Assert.Equal((0, 2 * Second, 0, 0), (wallet.Balance.Granted, wallet.Balance.Settled, wallet.Balance.Available, wallet.Balance.Debt));
    }

    [Fact]
    public async Task Sessions_that_race_for_the_last_credit_from_several_processes_never_settle_more_than_there_is()
    {
        const int sessions = 30;
        var reseller = await world.NewTenantAsync();
        await using var other = await world.StartGatewayAsync();
        await world.GiveAsync(reseller.Id, seconds: 60);
        world.Provider.Play("test-race", Counting);

        var clients = await Task.WhenAll(Enumerable.Range(0, sessions).Select(i => world.ConnectAsync(reseller.Key, "test-race", i % 2 == 0 ? world.Gateway : other)));
        var looks = 0;
        var over = Task.WhenAll(clients.Select(client => client.FarewellAsync()));
        while (!over.IsCompleted)
        {
            (await world.WalletAsync(reseller.Id)).AssertInOrder();
            looks++;
        }

        Assert.All(await over, farewell => Assert.Equal(4402, farewell.Code));
        var wallet = await world.SettledAsync(reseller.Id);
        var overrun = await world.Database.ReadAsync<long>(
            "SELECT coalesce(max(greatest(0, mark_ms - authorised_ms - blind_ms)), 0) FROM generation WHERE payers = ARRAY[$1]", reseller.Id.Value);
        output.WriteLine($"figure: {sessions} sessions on 60 s of credit from two processes: {wallet.Balance.Settled / (decimal)Second:0.000} s settled, " +
            $"worst overrun {overrun} ms, {looks} looks at the wallet");
        Assert.InRange(overrun, 0, 1_000);
        Assert.InRange(wallet.Balance.Settled, 50 * Second, 60 * Second);
        foreach (var client in clients)
            await client.DisposeAsync();
    }
}
