namespace Orchestrator.Tests.Scenarios;

/// <summary>Several gateways, one ring of keys: what one seals every other opens, from the first minute on.</summary>
public class KeyRingScenarios(KeyRingScenarios.TwoAtOnce world) : IClassFixture<KeyRingScenarios.TwoAtOnce>
{
    [Fact]
    public async Task Two_gateways_that_start_at_once_share_one_first_key() =>
        Assert.Equal(1L, await world.Database.ReadAsync<long>("SELECT count(*) FROM data_protection_key"));

    [Fact]
    public async Task Each_accepts_what_the_other_minted()
    {
        var reseller = await world.NewTenantAsync();
        foreach (var (mints, opens) in new[] { (world.Gateway, world.Second), (world.Second, world.Gateway) })
        {
            using var http = world.Http(reseller.Key, mints);
            using var answer = await http.PostAsync("/v1/client/tokens", content: null);
            var token = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("apiKey").GetString()!;

            await using var client = await world.ConnectAsync(token, "sim-idle", opens);
            await client.ExpectAsync("generation_started");
        }
    }

    [Fact]
    public async Task Another_master_key_stops_the_start_with_one_sentence_and_leaves_the_ring_alone()
    {
        var before = await world.Database.ReadAsync<long>("SELECT count(*) FROM data_protection_key");

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => world.StartGatewayAsync(("MasterKey", Convert.ToBase64String(new byte[32]))));

        Assert.Contains("orchestrator: MasterKey does not open the key ring in this database", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, await world.Database.ReadAsync<long>("SELECT count(*) FROM data_protection_key"));
    }

    /// <summary>Two gateways that meet an empty ring together.</summary>
    public sealed class TwoAtOnce : World
    {
        private Support.ChildGateway? _first;

        public new Support.ChildGateway Gateway => _first!;

        public Support.ChildGateway Second { get; private set; } = null!;

        protected override bool StartsGateway => false;

        public override async Task InitializeAsync()
        {
            await base.InitializeAsync();
            var both = await Task.WhenAll(StartGatewayAsync(), StartGatewayAsync());
            (_first, Second) = (both[0], both[1]);
        }
    }
}
