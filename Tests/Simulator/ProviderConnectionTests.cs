using System.Net.WebSockets;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Simulator;

public sealed class ProviderConnectionTests : IAsyncLifetime
{
    private readonly List<PlainClient> _clients = []; // kept, so that none vanishes by itself when it is collected
    private ProviderSimulator _simulator = null!;

    public async Task InitializeAsync() => _simulator = await ProviderSimulator.StartAsync();

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        await _simulator.DisposeAsync();
    }

    [Fact]
    public async Task The_request_is_kept_as_it_came_so_that_a_stray_credential_is_seen()
    {
        _simulator.Play("m", Script.Begin);
        var address = new Uri(_simulator.StreamFor("m") + "&user_agent=decart-js-sdk%2F0.1.20&token=ek_client");
        await using var client = await PlainClient.ConnectAsync(address, ("Authorization", "Bearer ek_client"));

        var connection = await _simulator.NextConnectionAsync("m");

        Assert.Equal(("m", "/v1/stream", address.Query), (connection.Model, connection.Path, connection.QueryString));
        Assert.Contains(KeyValuePair.Create("Authorization", "Bearer ek_client"), connection.Headers);
        Assert.Equal("decart-js-sdk/0.1.20", connection.Truth.Query["user_agent"]);
        Assert.DoesNotContain("api_key", connection.Truth.Query.Keys);
    }

    [Fact]
    public async Task Every_frame_is_remembered_with_its_kind_its_bytes_and_its_instant()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);
        await client.SendAsync("{\"type\":\"offer\",\"sdp\":\"ü\"}");
        await client.SendAsync(FrameKind.Binary, [1, 2, 3]);
        await client.SendAsync("plain");
        await connection.ExpectAsync("text");

        Assert.Equal(["offer", "binary", "text"], connection.Received.Select(frame => frame.Name));
        Assert.Equal("{\"type\":\"offer\",\"sdp\":\"ü\"}", connection.Received[0].Text);
        Assert.Equal([1, 2, 3], connection.Received[1].Bytes.ToArray());
        Assert.True(connection.Received[0].Timestamp <= connection.Received[2].Timestamp);
        Assert.Equal((3, 35), (connection.ReceivedCount, connection.ReceivedBytes));
    }

    [Fact]
    public async Task Only_the_newest_frames_are_remembered()
    {
        await using var small = await ProviderSimulator.StartAsync(new() { MaxReceivedFrames = 2, MaxReceivedBytes = 10 });
        small.Play("m", Script.Begin);
        await using var client = await PlainClient.ConnectAsync(small, "m");
        var connection = await small.NextConnectionAsync();

        foreach (var frame in (string[])["a", "b", "c", "{\"type\":\"d\"}"])
            await client.SendAsync(frame);
        await connection.ExpectAsync("d");

        Assert.Equal(["{\"type\":\"d\"}"], connection.Received.Select(frame => frame.Text));
        Assert.Equal(4, connection.ReceivedCount);
    }

    [Fact]
    public async Task An_expectation_that_is_not_met_says_what_was_missing_and_what_came_instead()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);
        await client.SendAsync("""{"type":"set_image","image_data":null}""");
        await client.SendAsync(FrameKind.Binary, [1, 2, 3]);
        await client.SendAsync("""{"type":"offer","sdp":"v=0"}""");
        await connection.ExpectAsync("set_image");
        await WaitUntilAsync(() => connection.ReceivedCount == 3);

        var silence = await Assert.ThrowsAsync<TimeoutException>(() => connection.ExpectAsync("prompt", TimeSpan.FromMilliseconds(50)));
        client.Vanish();
        var end = await Assert.ThrowsAsync<TimeoutException>(() => connection.ExpectAsync("prompt"));

        Assert.Equal(
            $"Expected a 'prompt' frame on {connection.Id} (model m), but binary (3 B), offer (28 B) came. Waited 0.05 s; the connection is still open.",
            silence.Message);
        Assert.EndsWith("The connection ended: the peer vanished.", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_does_not_come_is_missed_in_words()
    {
        var (_, connection) = await ConnectAsync(Script.Begin);

        var missing = await Assert.ThrowsAsync<TimeoutException>(() => _simulator.NextConnectionAsync("other", TimeSpan.FromMilliseconds(20)));

        Assert.Equal($"Expected a connection for model other within 0.02 s, but there are {connection.Id} (model m, given out, open).", missing.Message);
    }

    [Fact]
    public async Task The_peers_close_is_told_with_code_and_reason()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);

        await client.CloseAsync((WebSocketCloseStatus)4002, "enough");

        Assert.Equal(new Farewell(4002, "enough", Vanished: false, BySimulator: false), await connection.ExpectCloseAsync());
        Assert.Equal("close:4002", await client.HearAsync());
        Assert.Equal((TruthKind.PeerClosed, 4002), (connection.Truth.Entries[^1].Kind, connection.Truth.Entries[^1].Code));
    }

    [Fact]
    public async Task A_peer_that_goes_without_a_word_has_vanished()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);

        client.Vanish();

        Assert.Equal(new Farewell(null, null, Vanished: true, BySimulator: false), await connection.ExpectCloseAsync());
    }

    [Fact]
    public async Task A_close_by_hand_waits_for_the_peers_reply()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);

        await connection.CloseAsync(1013, "Session Limit Reached");

        Assert.Equal("close:1013:Session Limit Reached", await client.HearAsync());
        Assert.Equal((1000, false, true), await connection.ExpectCloseAsync() is var end ? (end.Code, end.Vanished, end.BySimulator) : default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => connection.TickAsync(1));
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_a_close_is_cut_off()
    {
        await using var strict = await ProviderSimulator.StartAsync(new() { CloseTimeout = TimeSpan.FromMilliseconds(30) });
        strict.Play("m", Script.Begin.Close(1000));
        await using var client = await PlainClient.ConnectAsync(strict, "m");

        var farewell = await (await strict.NextConnectionAsync()).ExpectCloseAsync();

        Assert.Equal(new Farewell(null, null, Vanished: true, BySimulator: true), farewell);
    }

    [Fact]
    public async Task A_drop_resets_the_connection()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);

        connection.Drop();

        Assert.Equal("reset", await client.HearAsync());
        Assert.Equal(new Farewell(null, null, Vanished: false, BySimulator: true), await connection.ExpectCloseAsync());
        Assert.Equal(TruthKind.Dropped, connection.Truth.Entries[^1].Kind);
    }

    [Fact]
    public async Task Whatever_goes_out_by_hand_is_truth_too()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);

        await connection.SendTextAsync("""{"type":"generation_started"}""");
        await connection.TickAsync(1.5m);
        await connection.SendBinaryAsync(new byte[] { 9 });
        await connection.PlayAsync(Script.Begin.Ticks(2, TimeSpan.FromMilliseconds(1), from: 2).GenerationEnded("error"));

        Assert.Equal(["started", "tick:1.5"], await client.HearAllAsync(2));
        Assert.Equal([9], (await client.ReadBytesAsync())!.Value.Bytes);
        Assert.Equal(["tick:2", "tick:3", "ended:3:error"], await client.HearAllAsync(3));
        Assert.Equal(
            [(TruthKind.Started, null), (TruthKind.Tick, 1500), (TruthKind.Tick, 2000), (TruthKind.Tick, 3000), (TruthKind.Ended, (long?)3000)],
            connection.Truth.Entries.Select(entry => (entry.Kind, entry.Milliseconds)));
    }

    [Fact]
    public async Task Nothing_is_true_before_it_was_sent()
    {
        var (client, connection) = await ConnectAsync(Script.Begin);
        var before = TimeProvider.System.GetTimestamp();

        await connection.TickAsync(1);
        await client.HearAsync();

        Assert.Equal(0, connection.Truth.MaxMillisecondsSentBefore(before));
        Assert.Equal(1000, connection.Truth.MaxMillisecondsSentBefore(TimeProvider.System.GetTimestamp()));
        Assert.Same(connection.Truth, _simulator.Truth.Find(connection.Id));
    }

    private async Task<(PlainClient Client, ProviderConnection Connection)> ConnectAsync(Script script)
    {
        _simulator.Play("m", script);
        var client = await PlainClient.ConnectAsync(_simulator, "m");
        _clients.Add(client);
        return (client, await _simulator.NextConnectionAsync("m"));
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Yield();
    }
}
