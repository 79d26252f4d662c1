using System.Net.WebSockets;
using System.Text;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Relay;

/// <summary>The way to one socket, and the pump between two, over sockets in memory.</summary>
public sealed class FrameLaneTests : IDisposable
{
    private const int ReadAhead = 64 * 1024;
    private const int MaxMessage = 256 * 1024;

    private readonly TestTimeProvider _time = new();
    private readonly InFlightBudget _budget = new(limit: 64L * 1024 * 1024, MaxMessage);
    private readonly SocketPair _sockets = new(pipeBytes: 16 * 1024);
    private readonly FrameLane _lane;

    public FrameLaneTests()
    {
        // A socket that never sends counts as stalled since the clock's zero otherwise.
        _time.Advance(TimeSpan.FromSeconds(1));
        _lane = new FrameLane(ReadAhead, _budget, _time);
    }

    public void Dispose() => _sockets.Dispose();

    [Fact]
    public async Task What_was_sent_before_the_socket_was_open_leaves_first_and_in_order()
    {
        for (var i = 0; i < 3; i++)
            _lane.Send(Encoding.UTF8.GetBytes($"early {i}"));
        _lane.Attach(_sockets.Ours);
        _lane.Send("late"u8);

        foreach (var expected in new[] { "early 0", "early 1", "early 2", "late" })
            Assert.Equal(expected, await ReadTextAsync());
        await Eventually.IsAsync("nothing held", () => Task.FromResult(_budget.Used == 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(FrameLane.FragmentBytes)]
    [InlineData(FrameLane.FragmentBytes + 1)]
    [InlineData(3 * FrameLane.FragmentBytes)]
    public async Task A_message_of_any_size_arrives_byte_for_byte(int bytes)
    {
        var payload = Bytes(bytes);
        _lane.Attach(_sockets.Ours);

        Send(payload, WebSocketMessageType.Binary);
        var read = await _sockets.ReadAsync();

        Assert.Equal(WebSocketMessageType.Binary, read?.Kind);
        Assert.Equal(payload, read?.Payload);
    }

    [Fact]
    public async Task Its_reader_stops_while_too_much_waits_and_goes_on_when_it_has_left()
    {
        _lane.Attach(_sockets.Ours);
        var sent = 0;
        while (_lane.WhenReadableAsync().AsTask().IsCompleted)
        {
            Send(Bytes(10_000), WebSocketMessageType.Binary);
            Assert.InRange(++sent, 1, 20);
        }

        var readable = _lane.WhenReadableAsync().AsTask();
        Assert.False(readable.IsCompleted);
        for (var i = 0; i < sent; i++)
            Assert.Equal(10_000, (await _sockets.ReadAsync())?.Payload.Length);

        await readable.WaitAsync(TimeSpan.FromSeconds(10));
        await Eventually.IsAsync("nothing held", () => Task.FromResult(_budget.Used == 0));
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_counts_as_stalled_until_it_reads()
    {
        _lane.Attach(_sockets.Ours);
        Assert.Equal(TimeSpan.Zero, _lane.StalledFor);
        Send(Bytes(60_000), WebSocketMessageType.Binary);

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(10), _lane.StalledFor);

        Assert.Equal(60_000, (await _sockets.ReadAsync())?.Payload.Length);
        await Eventually.IsAsync("progress", () => Task.FromResult(_lane.StalledFor == TimeSpan.Zero));
    }

    [Fact]
    public async Task Closing_lets_leave_what_waits_and_then_says_why()
    {
        _lane.Attach(_sockets.Ours);
        Send(Bytes(60_000), WebSocketMessageType.Binary);
        _lane.Send("last words"u8);

        var closing = _lane.CloseAsync(new WireClose(4400, "enough"), CancellationToken.None);
        _lane.Send("too late"u8);

        Assert.Equal(60_000, (await _sockets.ReadAsync())?.Payload.Length);
        Assert.Equal("last words", await ReadTextAsync());
        Assert.Null(await _sockets.ReadAsync());
        Assert.Equal((4400, "enough"), ((int?)_sockets.Theirs.CloseStatus, _sockets.Theirs.CloseStatusDescription));
        await closing.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task Closing_gives_up_when_told_to_and_holds_nothing_once_the_socket_is_cut()
    {
        _lane.Attach(_sockets.Ours);
        Send(Bytes(60_000), WebSocketMessageType.Binary);
        _lane.Send("never sent"u8);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);

        var closing = _lane.CloseAsync(new WireClose(1000, null), timeout.Token);
        _time.Advance(TimeSpan.FromSeconds(1));
        await closing.WaitAsync(TimeSpan.FromSeconds(10));
        _sockets.Dispose();

        await Eventually.IsAsync("nothing held", () => Task.FromResult(_budget.Used == 0));
    }

    [Fact]
    public async Task A_pump_passes_messages_on_unchanged_and_tells_how_the_peer_left()
    {
        using var source = new SocketPair();
        _lane.Attach(_sockets.Ours);
        var seen = new List<int>();
        var pump = new FramePump(source.Ours, _lane, _budget, MaxMessage, (payload, _) =>
        {
            seen.Add(payload.Length);
            return ValueTask.FromResult(payload.Length != 13);
        });
        var running = pump.RunAsync();

        await source.Theirs.SendAsync(Letters(100), WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);
        await source.Theirs.SendAsync(Letters(20), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        await source.Theirs.SendAsync(Letters(13), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        await source.Theirs.SendAsync(Bytes(9_000), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        var (first, second) = (await _sockets.ReadAsync(), await _sockets.ReadAsync());
        await source.Theirs.CloseOutputAsync((WebSocketCloseStatus)4001, "bye", CancellationToken.None);
        var end = await running.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal((WebSocketMessageType.Text, WebSocketMessageType.Binary), (first?.Kind, second?.Kind));
        Assert.Equal(Letters(120), first?.Payload);
        Assert.Equal(Bytes(9_000), second?.Payload);
        Assert.Equal([120, 13, 9_000], seen);
        Assert.Equal(3, pump.Messages);
        Assert.Equal(new PumpEnd(new PeerClose(4001, "bye")), end);
    }

    [Fact]
    public async Task A_message_larger_than_is_taken_ends_the_pump()
    {
        using var source = new SocketPair(pipeBytes: 1024 * 1024);
        var running = new FramePump(source.Ours, _lane, _budget, 10_000, (_, _) => ValueTask.FromResult(true)).RunAsync();

        await source.Theirs.SendAsync(Bytes(10_001), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        Assert.True((await running.WaitAsync(TimeSpan.FromSeconds(10))).IsTooBig);
        Assert.Equal(0, _budget.Used);
    }

    private void Send(byte[] payload, WebSocketMessageType kind)
    {
        using var buffer = new MessageBuffer(_budget, MaxMessage);
        buffer.Write(payload);
        _lane.Send(buffer, kind);
    }

    private async Task<string?> ReadTextAsync() => await _sockets.ReadAsync() is { Kind: WebSocketMessageType.Text } read ? Encoding.UTF8.GetString(read.Payload) : null;

    private static byte[] Letters(int count) => Encoding.ASCII.GetBytes(new string('a', count));

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 7))];
}
