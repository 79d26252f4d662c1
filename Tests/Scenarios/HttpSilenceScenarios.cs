using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world in which a client over HTTP soon has to give a sign of life.</summary>
public class SilentHttpWorld : HttpWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["HttpSessions:SilenceTimeout"] = "00:00:01.5",
        ["HttpSessions:KeepAliveInterval"] = "00:00:00.3",
    };
}

/// <summary>Clients over HTTP that vanish, and others that are merely quiet.</summary>
public class HttpSilenceScenarios(SilentHttpWorld world) : IClassFixture<SilentHttpWorld>
{
    [Fact]
    public async Task Who_neither_asks_nor_reads_has_vanished_but_who_reads_or_may_be_silent_has_not()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-silent", Script.Begin.SendSessionId().Expect("offer").SendAnswer().SendIce(1, end: true).GenerationStarted());
        using var gone = await world.OpenAsync(reseller.Key, "test-silent");
        using var reads = await world.OpenAsync(reseller.Key, "test-silent");
        using var events = await reads.EventsAsync();
        using var http = world.Http(reseller.Key);
        using var whip = await HttpWorld.WhipAsync(http, "test-silent");
        await events.ExpectAsync("generation.started");
        var reading = events.RestAsync();

        Assert.Equal("client_lost", await world.EndOfAsync(reseller, gone.Id));
        // A second one that begins later and vanishes too: by then the others have been quiet for longer than is allowed.
        using var later = await world.OpenAsync(reseller.Key, "test-silent");
        Assert.Equal("client_lost", await world.EndOfAsync(reseller, later.Id));

        Assert.Equal("generating", (await world.SessionAsync(reseller, reads.Id)).GetProperty("phase").GetString());
        Assert.Equal("generating", (await world.SessionAsync(reseller, whip.Headers.Location!.ToString().Split('/')[^1])).GetProperty("phase").GetString());
        Assert.True((await reads.EndAsync()).IsSuccessStatusCode);
        await reading;
        Assert.True(events.Comments.Count > 2, $"{events.Comments.Count} comments");
    }
}
