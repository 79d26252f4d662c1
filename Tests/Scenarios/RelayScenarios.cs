using System.Net.WebSockets;
using System.Text;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>What the relay does with frames: nothing, in order, in both directions.</summary>
public partial class RelayScenarios(RelayWorld world) : IClassFixture<RelayWorld>
{
    private const int Largest = 16 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Messages_of_every_size_come_back_as_they_went_text_and_binary()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-sizes", Script.Begin.Echo());
        await using var client = await world.ConnectAsync(reseller.Key, "test-sizes");
        // The same numbers on every run.
        var random = new Random(4711);
        int[] sizes = [0, 1, 125, 126, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1024 * 1024, .. Enumerable.Range(0, 20).Select(_ => random.Next(200_000)), Largest];

        foreach (var size in sizes)
        {
            var bytes = new byte[size];
            random.NextBytes(bytes);
            var text = Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes))[..size];
            await client.SendAsync(WebSocketMessageType.Binary, bytes);
            await client.SendAsync(WebSocketMessageType.Text, text);
            var (binary, plain) = (await client.NextAsync(), await client.NextAsync());

            Assert.Equal((WebSocketMessageType.Binary, WebSocketMessageType.Text), (binary.Kind, plain.Kind));
            Assert.True(bytes.AsSpan().SequenceEqual(binary.Bytes), $"{size} bytes came back as {binary.Bytes.Length} others.");
            Assert.True(text.AsSpan().SequenceEqual(plain.Bytes), $"{size} characters came back as {plain.Bytes.Length} others.");
        }
    }

    [Fact]
    public async Task A_client_that_sends_a_byte_too_much_is_closed_as_too_big()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-too-big", Script.Begin.SendSessionId().Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-too-big");
        await using var _ = client;
        await client.ExpectAsync("session_id");

        await client.SendAsync(WebSocketMessageType.Binary, new byte[Largest + 1]);
        var farewell = await client.FarewellAsync();

        Assert.Equal((1009, "Message too big"), (farewell.Code, farewell.Reason));
        Assert.Equal("message_too_big", await world.EndOfAsync(reseller, client.Session!));
        Assert.Equal((1000, 0L), ((await upstream.ExpectCloseAsync(Patience)).Code, upstream.ReceivedCount));
    }

    [Fact]
    public async Task A_provider_that_sends_a_byte_too_much_is_the_providers_error()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-upstream-too-big", Script.Begin.HugeFrame(Largest).HugeFrame(Largest + 1).Hold());
        await using var client = await world.ConnectAsync(reseller.Key, "test-upstream-too-big");

        var farewell = await client.FarewellAsync();

        Assert.Equal((1011, "The model reported an error"), (farewell.Code, farewell.Reason));
        Assert.Equal(Largest, client.All[0].Bytes.Length);
        Assert.Equal("provider_error", await world.EndOfAsync(reseller, client.Session!));
    }

    [Fact]
    public async Task Fragments_are_put_together_in_both_directions()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectAsync(reseller.Key, $"odd-{OddProvider.Late}");
        using var upstream = await world.Odd.AcceptAsync();

        await SendInPartsAsync(client.Socket);
        await SendInPartsAsync(upstream);

        Assert.Equal(("abcd", WebSocketMessageType.Text), await OddProvider.ReadAsync(upstream) is var up ? (up.Text, up.Kind) : default);
        Assert.Equal(("abcd", WebSocketMessageType.Text), await client.NextAsync() is var down ? (down.Text, down.Kind) : default);

        static async Task SendInPartsAsync(WebSocket socket)
        {
            foreach (var part in new[] { "a", "", "bc", "d" })
                await socket.SendAsync(Encoding.ASCII.GetBytes(part), WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);
            await socket.SendAsync(Array.Empty<byte>(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Two_thousand_messages_cross_in_order()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-cross", Script.Begin.SendSessionId().Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-cross");
        await using var _ = client;
        await client.ExpectAsync("session_id");
        var messages = Enumerable.Range(0, 1_000).Select(i => $$"""{"type":"m","n":{{i}},"x":"{{new string('x', i * 7 % 3_000)}}"}""").ToList();

        await Task.WhenAll(UpAsync(), DownAsync());
        await client.SendAsync("""{"type":"last"}""");
        await upstream.ExpectAsync("last", Patience);
        for (var i = 0; i < messages.Count; i++)
            Assert.Equal(messages[i], (await client.NextAsync()).Text);

        Assert.Equal(messages, upstream.Received.SkipLast(1).Select(frame => frame.Text));

        async Task UpAsync()
        {
            foreach (var message in messages)
                await client.SendAsync(message);
        }

        async Task DownAsync()
        {
            foreach (var message in messages)
                await upstream.SendTextAsync(message);
        }
    }

    [Fact]
    public async Task What_a_client_says_before_the_upstream_is_open_arrives_in_order_however_much()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectAsync(reseller.Key, $"odd-{OddProvider.Late}");
        var sizes = Enumerable.Range(0, 40).Select(i => 1 + i * 1_009).Append(2 * 1024 * 1024).Append(3).ToList();

        // 2.9 MB: far beyond what is read ahead.
        var sending = SendAllAsync();
        await world.PhaseAsync(reseller, client.Session!, "connecting");
        using var upstream = await world.Odd.AcceptAsync();

        for (var i = 0; i < sizes.Count; i++)
        {
            var heard = await OddProvider.ReadAsync(upstream);
            Assert.Equal((sizes[i], (byte)i), (heard.Bytes.Length, heard.Bytes[^1]));
        }

        await sending;
        Assert.False(client.Over.IsCompleted);

        async Task SendAllAsync()
        {
            for (var i = 0; i < sizes.Count; i++)
            {
                var bytes = new byte[sizes[i]];
                bytes[^1] = (byte)i;
                await client.SendAsync(WebSocketMessageType.Binary, bytes);
            }
        }
    }
}
