using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>How closes travel: valid ones with their reason, none as 1000, anything else as 1011, and no close frame as none.</summary>
public partial class RelayScenarios
{
    public static TheoryData<int?, int> UpstreamCloses => new()
    {
        // closes with   client hears
        { 1000,          1000 },
        { 1001,          1001 },
        { 1002,          1002 },
        { 1003,          1003 },
        { 1007,          1007 },
        { 1008,          1008 },
        { 1009,          1009 },
        { 1010,          1010 },
        { 1011,          1011 },
        { 1012,          1012 },
        { 1013,          1013 },
        { 1014,          1014 },
        { 3000,          3000 },
        { 4999,          4999 },
        { null,          1000 },
        { 999,           1011 },
        { 1004,          1011 },
        { 1006,          1011 },
        { 1015,          1011 },
        { 2000,          1011 },
        { 5000,          1011 },
    };

    [Theory, MemberData(nameof(UpstreamCloses))]
    public async Task The_providers_close_reaches_the_client(int? code, int told)
    {
        var reseller = await world.NewTenantAsync();
        var model = $"test-close-{code}";
        world.Provider.Play(model, Script.Begin.Expect("go").Close(code, code is null ? null : "words"));
        await using var client = await RawClient.ConnectAsync(world.StreamFor(reseller.Key, model));

        await client.SendAsync("""{"type":"go"}""");
        var farewell = await client.FarewellAsync();

        Assert.Equal((told, code == told ? "words" : ""), (farewell.Code, farewell.Reason));
    }

    [Fact]
    public async Task A_provider_that_vanishes_is_an_error_to_the_client()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await RawClient.ConnectAsync(world.StreamFor(reseller.Key, "sim-idle"));
        var upstream = await world.Provider.NextConnectionAsync("sim-idle", Patience);
        await world.PhaseAsync(reseller, client.Session, "generating");

        upstream.Drop();

        Assert.Equal(1011, (await client.FarewellAsync()).Code);
    }

    public static TheoryData<int?, int, string> ClientCloses => new()
    {
        // closes with   provider hears   why the session ended
        { 1000,          1000,            "client_closed" },
        { 1001,          1001,            "client_closed" },
        { 3000,          3000,            "client_closed" },
        { 4999,          4999,            "client_closed" },
        { null,          1000,            "client_closed" },
        { 999,           1011,            "client_lost" },
        { 1004,          1011,            "client_lost" },
        { 1005,          1011,            "client_lost" },
        { 1015,          1011,            "client_lost" },
        { 2000,          1011,            "client_lost" },
    };

    [Theory, MemberData(nameof(ClientCloses))]
    public async Task The_clients_close_reaches_the_provider(int? code, int told, string name)
    {
        var reseller = await world.NewTenantAsync();
        var model = $"test-client-close-{code}";
        world.Provider.Play(model, Script.Begin.SendSessionId().Hold());
        await using var client = await RawClient.ConnectAsync(world.StreamFor(reseller.Key, model));
        var upstream = await world.Provider.NextConnectionAsync(model, Patience);
        await world.SeesAsync(reseller, client.Session, "has its upstream", seen => seen.GetProperty("upstream").GetProperty("sessionId").GetString() == upstream.Id);

        await client.CloseAsync(code, code is null ? "" : "words");
        var heard = await upstream.ExpectCloseAsync(Patience);
        var answer = await client.FarewellAsync();

        Assert.Equal((told, code == told ? "words" : "", false), (heard.Code, heard.Reason, heard.Vanished));
        // One that breaks the protocol is told so.
        Assert.Equal(name is "client_closed" ? told : 1002, answer.Code);
        Assert.Equal(name, await world.EndOfAsync(reseller, client.Session));
    }

    [Fact]
    public async Task A_client_that_vanishes_takes_the_providers_session_with_it()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-vanish", Script.Begin.SendSessionId().Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-vanish");
        await using var _ = client;
        await client.ExpectAsync("session_id");

        client.Vanish();

        Assert.True((await upstream.ExpectCloseAsync(Patience)).Vanished);
        Assert.Equal("client_lost", await world.EndOfAsync(reseller, client.Session!));
    }
}
