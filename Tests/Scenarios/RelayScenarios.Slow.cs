using System.Net.WebSockets;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Peers that take less than they are given.</summary>
public partial class RelayScenarios
{
    /// <summary>What a gateway may grow by while a peer is slow: its bounds are a megabyte, the rest is the collector's.</summary>
    private const long MuchMemory = 96L * 1024 * 1024;

    [Fact]
    public async Task A_client_that_reads_nothing_is_billed_for_what_was_read_ahead_and_closed_as_slow()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-slow-client", Script.Begin.SendSessionId().GenerationStarted().Hold());
        var before = world.Gateway.ResidentBytes;
        await using var client = await StreamClient.ConnectAsync(world.StreamFor(reseller.Key, "test-slow-client"), reads: false);
        var upstream = await world.Provider.NextConnectionAsync("test-slow-client", Patience);

        var flooding = FloodAsync(upstream);
        var close = await world.EndOfAsync(reseller, client.Session!);
        await flooding;

        Assert.Equal("slow_client", close);
        var book = await Books.OfAsync(world.Database, client.Session!);
        Books.AssertClosed(book);
        // A count goes out after each 64 KiB: a megabyte is read ahead of the socket's own buffers.
        Assert.InRange(book.MarkMs, 16, upstream.Truth.MaxMilliseconds);
        Assert.InRange(world.Gateway.ResidentBytes - before, long.MinValue, MuchMemory);
    }

    [Fact]
    public async Task A_client_is_read_no_faster_than_its_provider_reads_and_nothing_is_lost()
    {
        const int Messages = 640;
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-slow-provider", Script.Begin.SendSessionId().SlowRead(512 * 1024).Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-slow-provider");
        await using var _ = client;
        await client.ExpectAsync("session_id");
        var (before, sent) = (world.Gateway.ResidentBytes, 0);

        var sending = SendAllAsync();
        await Eventually.IsAsync("the provider reads", () => Task.FromResult(upstream.ReceivedCount >= 8));
        var (ahead, grown) = (Volatile.Read(ref sent) - upstream.ReceivedCount, world.Gateway.ResidentBytes - before);
        await upstream.PlayAsync(Script.Begin.SlowRead(null));
        await sending;
        await client.SendAsync("""{"type":"last"}""");
        await upstream.ExpectAsync("last", Patience);

        Assert.InRange(ahead, 0, Messages - 16);
        Assert.InRange(grown, long.MinValue, MuchMemory);
        Assert.Equal(Enumerable.Range(0, Messages).Select(i => (64 * 1024, (byte)i)), upstream.Received.SkipLast(1).Select(frame => (frame.Bytes.Length, frame.Bytes.Span[0])));

        async Task SendAllAsync()
        {
            for (; sent < Messages; Interlocked.Increment(ref sent))
            {
                var bytes = new byte[64 * 1024];
                bytes[0] = (byte)sent;
                await client.Socket.SendAsync(bytes.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            }
        }
    }

    [Fact]
    public async Task A_provider_that_takes_nothing_is_stalled_and_the_client_is_told()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-stalled", Script.Begin.SendSessionId().GenerationStarted().Tick(0.5m).Stall());
        var (client, _) = await world.OpenAsync(reseller, "test-stalled");
        await using var __ = client;
        await client.TicksAsync(1);

        var sending = SendUntilOverAsync();
        var farewell = await client.FarewellAsync();
        await sending;

        Assert.Equal((4105, "Connection to the model stalled"), (farewell.Code, farewell.Reason));
        Assert.Equal("""{"type":"generation_ended","seconds":0.5,"reason":"error"}""", (await client.ExpectAsync("generation_ended")).Text);
        Assert.Equal("upstream_stalled", await world.EndOfAsync(reseller, client.Session!));
        Books.AssertClosed(await Books.OfAsync(world.Database, client.Session!));

        async Task SendUntilOverAsync()
        {
            try
            {
                while (!client.Over.IsCompleted)
                    await client.Socket.SendAsync(new byte[64 * 1024].AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            }
            catch (Exception exception) when (exception is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                // It is over.
            }
        }
    }

    private static async Task FloodAsync(ProviderConnection upstream)
    {
        try
        {
            for (var i = 1; i <= 2_000; i++)
            {
                await upstream.SendBinaryAsync(new byte[64 * 1024]);
                await upstream.TickAsync(i * 0.001m);
            }
        }
        catch (InvalidOperationException)
        {
            // The gateway hung up.
        }
    }
}

/// <summary>Peers that are gone and nobody said so.</summary>
public class QuietScenarios(QuietWorld world) : IClassFixture<QuietWorld>
{
    [Fact]
    public async Task A_client_that_answers_no_ping_is_lost_and_the_provider_hung_up()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-half-open", Script.Begin.SendSessionId().Hold());
        await using var client = await RawClient.ConnectAsync(world.StreamFor(reseller.Key, "test-half-open"));
        var upstream = await world.Provider.NextConnectionAsync("test-half-open", TimeSpan.FromSeconds(15));

        Assert.Equal("client_lost", await world.EndOfAsync(reseller, client.Session));
        Assert.True((await upstream.ExpectCloseAsync()).Vanished);
    }

    [Fact]
    public async Task A_provider_that_answers_no_ping_is_lost_and_the_client_told()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectAsync(reseller.Key, $"odd-{OddProvider.Mute}");

        Assert.Equal(1011, (await client.FarewellAsync()).Code);
        Assert.Equal("upstream_lost", await world.EndOfAsync(reseller, client.Session!));
    }

    [Fact]
    public async Task Peers_that_answer_stay_however_little_they_say()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-quiet", Script.Begin.SendSessionId().Wait(TimeSpan.FromSeconds(5)).Close(3001));
        await using var client = await world.ConnectAsync(reseller.Key, "test-quiet");

        Assert.Equal(3001, (await client.FarewellAsync()).Code);
    }
}
