using System.Net.WebSockets;
using FsCheck.Fluent;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Link;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Link;

/// <summary>Two ends and what goes wrong between them.</summary>
public class LinkEndTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Per direction: gathered, under way, unread.</summary>
    private const long Bound = 2 * (2 * LinkBounds.BatchBytes + LinkBounds.UnreadBytes);

    [Fact]
    public void Frames_arrive_in_order_and_once_both_ways_over_a_road_on_which_calls_are_lost_repeated_and_late()
    {
        var samples = from seed in Gen.Choose(0, int.MaxValue)
                      from percent in Gen.Choose(0, 60)
                      from up in Gen.Choose(0, 60)
                      from down in Gen.Choose(0, 60)
                      select (seed, percent, up, down);

        Laws.Hold(samples.ToArbitrary(), tests: 60, law: async sample =>
        {
            var road = new BadRoad(sample.seed, sample.percent);
            var (up, down) = (Messages(sample.seed, sample.up), Messages(sample.seed + 1, sample.down));

            var sending = Task.WhenAll(SendAsync(road.Gateway, up), SendAsync(road.Relay, down));
            var (atRelay, atGateway) = (ReadAsync(road.Relay, up.Count, sample.seed), ReadAsync(road.Gateway, down.Count, sample.seed + 1));
            await Task.WhenAll(sending, atRelay, atGateway).WaitAsync(Patience);

            Assert.Equal(up, await atRelay);
            Assert.Equal(down, await atGateway);
            Assert.InRange(road.Peak, 0, Bound);
            road.Mend();
            await Task.WhenAll(road.Gateway.WhenDeliveredAsync(default), road.Relay.WhenDeliveredAsync(default)).WaitAsync(Patience);
            road.Gateway.Cut();
            road.Relay.Cut();
            await Eventually.IsAsync("nothing held", () => Task.FromResult(road.Memory.Used == 0));
        });
    }

    [Fact]
    public async Task Frames_gather_while_a_batch_is_under_way_and_the_first_does_not_wait()
    {
        var road = new BadRoad { Stall = new TaskCompletionSource() };
        foreach (var i in Enumerable.Range(0, 100))
            await road.Gateway.SendAsync(LinkFrameKind.Binary, isLast: true, new[] { (byte)i }, default);
        Assert.Equal(1, road.Calls);

        road.Stall.SetResult();
        var read = await ReadAsync(road.Relay, 100, seed: 1).WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 100).Select(i => ($"{LinkFrameKind.Binary}", $"{i:X2}")), read);
        Assert.Equal(2, road.Calls);
    }

    [Fact]
    public async Task A_sender_waits_when_a_batch_is_full_behind_another_that_is_under_way()
    {
        var road = new BadRoad { Stall = new TaskCompletionSource() };
        var half = new byte[LinkBounds.BatchBytes / 2 - LinkFrame.HeadBytes];
        foreach (var _ in Enumerable.Range(0, 3))
            Assert.True(road.Gateway.SendAsync(LinkFrameKind.Binary, isLast: true, half, default).AsTask().IsCompletedSuccessfully);

        var waiting = road.Gateway.SendAsync(LinkFrameKind.Binary, isLast: true, half, default).AsTask();
        Assert.False(waiting.IsCompleted);

        road.Stall.SetResult();
        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_stops_the_sender_at_the_bound_and_lets_it_go_on_when_it_reads()
    {
        var road = new BadRoad();
        var messages = Enumerable.Range(0, 60).Select(_ => ($"{LinkFrameKind.Binary}", new string('A', 20_000))).ToList();

        var sending = SendAsync(road.Relay, messages);
        await Eventually.SeesAsync("a window unread", () => Task.FromResult(road.Gateway.Unread), unread => unread >= LinkBounds.WindowBytes);
        Assert.False(sending.IsCompleted);

        Assert.Equal(messages, await ReadAsync(road.Gateway, messages.Count, seed: 1).WaitAsync(Patience));
        await sending.WaitAsync(Patience);
        Assert.InRange(road.Peak, LinkBounds.WindowBytes, Bound);
    }

    [Fact]
    public async Task A_road_that_is_closed_for_a_while_loses_nothing()
    {
        var road = new BadRoad { IsDown = true };
        await SendAsync(road.Gateway, Messages(1, 3));
        await Eventually.IsAsync("tried more than once", () => Task.FromResult(road.Calls > 3));

        road.IsDown = false;

        Assert.Equal(Messages(1, 3), await ReadAsync(road.Relay, 3, seed: 1).WaitAsync(Patience));
    }

    [Fact]
    public async Task An_end_that_hears_nothing_gives_up_and_says_so_to_its_reader_after_what_it_has()
    {
        var time = new TestTimeProvider();
        time.Advance(TimeSpan.FromSeconds(1));
        var road = new BadRoad(time: time);
        road.Relay.Watch();
        await road.Gateway.SendAsync(LinkFrameKind.Text, isLast: true, "last words"u8.ToArray(), default);

        time.Advance(LinkEnd.SilenceTimeout);
        road.Relay.CheckSilence();
        Assert.Equal(LinkEnding.None, road.Relay.Ending);
        time.Advance(TimeSpan.FromMilliseconds(1));
        road.Relay.CheckSilence();

        Assert.Equal(LinkEnding.Silent, road.Relay.Ending);
        Assert.Equal(LinkFrameKind.Text, (await road.Relay.ReadAsync()).Kind);
        Assert.Equal(LinkFrame.End, await road.Relay.ReadAsync());
        Assert.Equal(LinkFrame.End, await road.Relay.ReadAsync());
        await Assert.ThrowsAsync<WebSocketException>(() => road.Relay.SendAsync(LinkFrameKind.Text, isLast: true, default, default).AsTask());
    }

    [Fact]
    public async Task A_beat_keeps_both_ends_from_giving_up()
    {
        var time = new TestTimeProvider();
        time.Advance(TimeSpan.FromSeconds(1));
        var road = new BadRoad(time: time);
        road.Relay.Watch();
        road.Gateway.Watch();

        for (var i = 0; i < 10; i++)
        {
            time.Advance(LinkEnd.BeatInterval);
            var before = road.Calls;
            road.Gateway.Beat();
            await Eventually.IsAsync("a beat", () => Task.FromResult(road.Calls > before));
            await road.Gateway.WhenDeliveredAsync(default).WaitAsync(Patience);
            road.Relay.CheckSilence();
            road.Gateway.CheckSilence();
        }

        Assert.Equal((LinkEnding.None, LinkEnding.None), (road.Relay.Ending, road.Gateway.Ending));
    }

    [Fact]
    public async Task An_end_that_is_cut_tells_the_other_and_drops_what_it_holds()
    {
        var road = new BadRoad();
        await road.Gateway.SendAsync(LinkFrameKind.Text, isLast: true, "unread"u8.ToArray(), default);
        await road.Gateway.WhenDeliveredAsync(default).WaitAsync(Patience);

        road.Relay.Cut();

        await road.Gateway.Over.WaitAsync(Patience);
        Assert.Equal((LinkEnding.Cut, LinkEnding.CutByPeer), (road.Relay.Ending, road.Gateway.Ending));
        Assert.Equal(LinkFrame.End, await road.Relay.ReadAsync());
        Assert.Equal(LinkFrame.End, await road.Gateway.ReadAsync());
        Assert.Equal(0, road.Memory.Used);
    }

    [Theory]
    [InlineData(CloseCode.ProviderRefused, CloseCode.ProviderRefused)]
    [InlineData((CloseCode)4999, null)] // of a newer process
    public async Task Why_the_session_ended_is_known_by_the_time_its_close_is_read(CloseCode why, CloseCode? known)
    {
        var road = new BadRoad(seed: 5, percent: 30);
        road.Relay.Ends(why);
        await road.Relay.SendAsync(LinkFrameKind.Close, isLast: true, LinkFrame.ClosePayload(1008, "no"), default);

        Assert.Equal(LinkFrameKind.Close, (await road.Gateway.ReadAsync().AsTask().WaitAsync(Patience)).Kind);

        Assert.Equal((known, null), (road.Gateway.Ended, road.Relay.Ended));
    }

    [Fact]
    public async Task A_batch_of_another_attachment_is_answered_as_gone_and_ends_its_sender_only()
    {
        var road = new BadRoad();
        var stranger = new LinkEnd(Guid.Empty, batch => Task.FromResult(road.Relay.Receive(batch)), road.Memory, TimeProvider.System);

        await stranger.SendAsync(LinkFrameKind.Text, isLast: true, "mine"u8.ToArray(), default);

        await stranger.Over.WaitAsync(Patience);
        Assert.Equal((LinkEnding.Gone, LinkEnding.None), (stranger.Ending, road.Relay.Ending));
    }

    [Fact]
    public async Task What_was_not_packed_by_a_sender_of_ours_ends_the_reading()
    {
        var road = new BadRoad();
        var batch = new FrameBatch(road.Relay.Attachment, 0, 1, [0xF0, 0xFF, 0xFF, 0xFF, 1, 2, 3]);

        Assert.Equal(7, road.Relay.Receive(batch).Next);

        Assert.Equal(LinkFrame.End, await road.Relay.ReadAsync());
        Assert.Equal(0, road.Memory.Used);
    }

    private static List<(string Kind, string Hex)> Messages(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            // Small ones, some at the edge of a batch, and few that need more than one.
            var bytes = new byte[(i % 10) switch { 7 => LinkBounds.BatchBytes - 4 + random.Next(9), 8 => random.Next(200_000), _ => random.Next(2_000) }];
            random.NextBytes(bytes);
            return ($"{(random.Next(2) == 0 ? LinkFrameKind.Text : LinkFrameKind.Binary)}", Convert.ToHexString(bytes));
        })];
    }

    private static async Task SendAsync(LinkEnd end, List<(string Kind, string Hex)> messages)
    {
        foreach (var (kind, hex) in messages)
            await end.SendAsync(Enum.Parse<LinkFrameKind>(kind), isLast: true, Convert.FromHexString(hex), default);
    }

    /// <summary>Puts pieces together again, and hesitates now and then.</summary>
    private static async Task<List<(string Kind, string Hex)>> ReadAsync(LinkEnd end, int count, int seed)
    {
        var random = new Random(seed);
        var read = new List<(string, string)>();
        using var message = new MemoryStream();
        while (read.Count < count)
        {
            var frame = await end.ReadAsync();
            Assert.True(frame.IsData, $"The link ended after {read.Count} of {count} messages: {end.Ending}.");
            message.Write(frame.Payload.Span);
            if (frame.IsLast)
            {
                read.Add(($"{frame.Kind}", Convert.ToHexString(message.ToArray())));
                message.SetLength(0);
            }

            if (random.Next(4) == 0)
                await Task.Yield();
        }

        return read;
    }
}
