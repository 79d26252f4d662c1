using System.Net.WebSockets;
using System.Text.Unicode;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Providers;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Fuzz;

/// <summary>
/// The same frames over TCP, through the program that ships and a provider that sends every one of them back: what the gateway
/// takes for ticks, names, ends and errors goes all the way into the database.
/// </summary>
public sealed class SocketFuzzTests(FuzzWorld world, ITestOutputHelper output) : IClassFixture<FuzzWorld>
{
    private const string Model = "test-fuzz";
    private const int Burst = 250;

    [Fact]
    public Task A_gateway_passes_what_it_does_not_understand() => RunAsync(sessions: 4);

    [Fact, Trait("Category", "Slow")]
    public Task A_gateway_passes_fifty_thousand_frames_that_it_does_not_understand() => RunAsync(sessions: 100);

    private async Task RunAsync(int sessions)
    {
        var seed = FuzzSeed.Next(output);
        world.Provider.Play(Model, Script.Begin.Echo());
        var reseller = await world.NewTenantAsync();
        await using var control = await world.ConnectAsync(reseller.Key, Model);
        for (var i = 0; i < sessions; i++)
        {
            await using var client = await world.ConnectAsync(reseller.Key, Model);
            await FuzzAsync(client, seed + i);
            await client.CloseAsync();
            await world.EndOfAsync(reseller, client.Session!);

            await control.SendAsync("""{"type":"control"}""");
            Assert.Equal("""{"type":"control"}""", (await control.NextAsync()).Text);
        }

        output.WriteLine($"figure: {2 * Burst * sessions} mutated frames over TCP through {sessions} sessions, seed {seed}");
    }

    private static async Task FuzzAsync(StreamClient client, int seed)
    {
        var mutator = new FrameMutator(seed, [.. GoldenFrames.From(client: true), .. GoldenFrames.From(client: false)]);
        var sent = Enumerable.Range(0, Burst).Select(_ => mutator.Next()).ToArray();
        var sending = SendAsync();
        for (var i = 0; i < sent.Length; i++)
        {
            var heard = await client.NextAsync();
            if (heard.Kind != KindOf(sent[i]) || !heard.Bytes.AsSpan().SequenceEqual(sent[i]))
                Assert.Fail($"Seed {seed}, frame {i} came back otherwise. Sent {FuzzSeed.Show(sent[i])}\nCame {FuzzSeed.Show(heard.Bytes)}");
        }

        await sending;

        async Task SendAsync()
        {
            foreach (var frame in sent)
                await client.SendAsync(KindOf(frame), frame);
        }
    }

    private static WebSocketMessageType KindOf(byte[] frame) => Utf8.IsValid(frame) ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
}

/// <summary>A world whose provider says whatever its clients say, new names of its sessions too.</summary>
public sealed class FuzzWorld : World
{
    /// <inheritdoc/>
    protected override bool NamesSessionsOnce => false;
}
