using System.Text;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Scenarios;

/// <summary>What Decart's servers said while they had TURN of their own: new ICE servers, and that media begins anew on the same socket.</summary>
public class MediaRestartScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    private const string Turn = "{\"username\":\"u\\u00fc\",\"credential\":\"c/+=\",\"server_url\":\"turn:192.0.2.1:9\"}";

    private static readonly string[] Frames =
    [
        """{"type":"ice-restart"}""",
        $$"""{"type":"ice-restart","turn_config":{{Turn}}}""",
        $$"""{ "turn_config" : {{Turn}} ,"type":"ice-restart", "later":[1, 2.50] }""",
        $$"""{"type":"turn_config","turn_config":{{Turn}}}""",
        """{"type":"turn_config","urls":["turn:192.0.2.1:9?transport=udp"],"username":"ü","credential":""}""",
    ];

    [Theory]
    [InlineData("a", """{"type":"offer","sdp":"v=0"}""", "answer")]
    [InlineData("b", """{"type":"livekit_join"}""", "livekit_room_info")]
    public async Task They_pass_to_the_byte_in_both_directions_and_a_fresh_offer_after_them(string dialect, string first, string answer)
    {
        var reseller = await world.NewTenantAsync();
        var model = $"test-restart-{dialect}";
        world.Provider.Play(model, Script.Begin.SendSessionId().Expect("offer").GenerationStarted().Hold());
        await using var client = await world.ConnectAsync(reseller.Key, model, world.NewAddress());
        await client.SendAsync(first);
        await client.ExpectAsync(answer);
        await client.ExpectAsync("generation_started");
        var upstream = await world.Provider.NextConnectionAsync(model, TimeSpan.FromSeconds(15));

        foreach (var frame in Frames)
        {
            await upstream.SendTextAsync(frame);
            Assert.Equal(frame, (await client.NextAsync()).Text);
        }

        foreach (var frame in Frames.Append("""{ "type":"offer","sdp":"v=0 again" }"""))
            await client.SendAsync(frame);
        await upstream.ExpectAsync("turn_config", TimeSpan.FromSeconds(15));
        await client.SendAsync("""{"type":"last"}""");
        await upstream.ExpectAsync("last", TimeSpan.FromSeconds(15));

        Assert.Equal([first, .. Frames, """{ "type":"offer","sdp":"v=0 again" }""", """{"type":"last"}"""],
            upstream.Received.Select(frame => Encoding.UTF8.GetString(frame.Bytes.Span)));
        Assert.False(client.Over.IsCompleted);
    }
}
