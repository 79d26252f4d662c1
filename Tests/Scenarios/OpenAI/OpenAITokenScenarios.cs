using Orchestrator.Domain.Billing;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>What responses use is counted and charged once, whatever surface the session is on, and a wallet that runs dry ends it.</summary>
public class OpenAITokenScenarios(OpenAIWorld world) : IClassFixture<OpenAIWorld>
{
    // In millionths, of the provider's counts: 55 text and 13 audio read, 64 text cached, 30 text (one more each time) and 91 audio out.
    private const decimal First = 55 * 4 + 13 * 32 + 64 * 0.4m + 30 * 16 + 91 * 64;
    private const decimal Second = First + 16;

    [Fact]
    public async Task A_session_on_a_socket_pays_for_its_responses()
    {
        var reseller = await PricedAsync(micros: 1_000_000);
        await using var client = await world.ConnectVoiceAsync(reseller.Key, "test-voice-tokens");
        await client.ExpectAsync("session.created");

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync("""{"type":"response.create"}""");
            await client.ExpectAsync("response.done");
        }

        await SettledAsync(reseller, First + Second);
        await client.CloseAsync();
        Assert.Equal("client_closed", await world.EndOfAsync(reseller, client.Session!));
        await AssertResponsesAsync(reseller, client.Session!, First + Second, responses: 2);
    }

    [Fact]
    public async Task A_call_pays_for_each_response_once_whatever_becomes_of_our_sideband()
    {
        var reseller = await PricedAsync(micros: 1_000_000);
        var call = await world.CallAsync(reseller.Key, "test-voice-tokens-call");
        await using var sideband = await world.JoinAsync(reseller.Key, call.Id);
        await sideband.ExpectAsync("session.created");
        await sideband.SendAsync("""{"type":"response.create"}""");
        var done = await sideband.ExpectAsync("response.done");
        await SettledAsync(reseller, First);

        call.Upstream.DropSidebands();
        await sideband.ExpectAsync("session.created");
        // A provider that tells again what was told before the drop.
        await call.Upstream.SendAsync(done.Text);
        await sideband.ExpectAsync("response.done");
        await sideband.SendAsync("""{"type":"response.create"}""");
        await sideband.ExpectAsync("response.done");

        await SettledAsync(reseller, First + Second);
        using var hungUp = await world.TellAsync(reseller.Key, call.Id, "hangup");
        Assert.Equal("ended_by_tenant", await world.EndOfAsync(reseller, call.Session));
        await AssertResponsesAsync(reseller, call.Session, First + Second, responses: 2);
    }

    [Fact]
    public async Task A_session_whose_wallet_runs_dry_ends_as_out_of_credit_and_opens_no_other()
    {
        var reseller = await PricedAsync(micros: (long)First + 1);
        await using var client = await world.ConnectVoiceAsync(reseller.Key, "test-voice-tokens-dry");
        await client.ExpectAsync("session.created");
        await client.SendAsync("""{"type":"response.create"}""");
        await SettledAsync(reseller, First);

        await client.SendAsync("""{"type":"response.create"}""");

        Assert.Contains("\"code\":\"insufficient_quota\"", (await client.ExpectAsync("error")).Text, StringComparison.Ordinal);
        Assert.Equal(new Farewell(4402, "Permission denied: insufficient credits"), await client.FarewellAsync());
        Assert.Equal("insufficient_credits", await world.EndOfAsync(reseller, client.Session!));
        await AssertResponsesAsync(reseller, client.Session!, First + Second, responses: 2);
        await using var refused = await world.ConnectVoiceAsync(reseller.Key, "test-voice-tokens-dry");
        Assert.Equal(4402, (await refused.FarewellAsync()).Code);
        using var call = await world.PostAsync(reseller.Key, """{"model":"test-voice-tokens-dry"}""");
        Assert.Equal((403, "insufficient_quota"), await OpenAIWorld.ErrorOfAsync(call));
    }

    [Fact]
    public async Task A_call_whose_wallet_runs_dry_is_hung_up()
    {
        var reseller = await PricedAsync(micros: (long)First - 1);
        var call = await world.CallAsync(reseller.Key, "test-voice-tokens-spent");
        await using var sideband = await world.JoinAsync(reseller.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        await sideband.SendAsync("""{"type":"response.create"}""");

        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(TimeSpan.FromSeconds(15)));
        Assert.Equal("insufficient_credits", await world.EndOfAsync(reseller, call.Session));
        Assert.Equal(4402, (await sideband.FarewellAsync()).Code);
        await AssertResponsesAsync(reseller, call.Session, First, responses: 1);
    }

    /// <summary>A tenant that pays the usual prices of tokens and nothing for seconds.</summary>
    private async Task<Reseller> PricedAsync(long micros)
    {
        var reseller = await world.NewTenantAsync();
        await world.Admin.SetPriceAsync(reseller.Id, model: null, new Price(0, Rounding.Default));
        await world.Database.PriceTokensAsync(reseller.Id);
        await world.Database.AddWalletAsync(reseller.Id, micros);
        return reseller;
    }

    private Task SettledAsync(Reseller reseller, decimal micros) => Eventually.SeesAsync(
        $"the wallet of {reseller.Name} is charged {(long)micros}",
        async () => (await new WalletStore(world.Database.Database).FindAsync(reseller.Id))!.Balance.Settled, settled => settled == (long)micros);

    /// <summary>So many responses are in the books, none of them odd, and the wallet was charged for them and for nothing else.</summary>
    private async Task AssertResponsesAsync(Reseller reseller, string session, decimal micros, int responses)
    {
        await SettledAsync(reseller, micros);
        Assert.Equal(
            Enumerable.Repeat("response 0", responses),
            await world.Database.ListAsync<string>("SELECT source || ' ' || cardinality(anomalies) FROM token_usage WHERE session_id = $1", Guid.Parse(session)));
        await world.Database.AssertTokensInOrderAsync();
    }
}
