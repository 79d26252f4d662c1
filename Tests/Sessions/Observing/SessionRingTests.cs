using System.Text;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Observing;

public class SessionRingTests
{
    private const int MaxBytes = 64 * 1024;

    private readonly TestTimeProvider _time = new();

    [Fact]
    public void A_frame_is_read_as_it_passed()
    {
        using var ring = NewRing();
        ring.Add(ObservedFrom.Client, """{"type":"prompt"}"""u8, isText: true);
        _time.Advance(TimeSpan.FromSeconds(2));
        ring.Add(ObservedFrom.Upstream, [1, 2, 3], isText: false);

        var page = ring.Read(1, MaxBytes);

        Assert.Equal([(1, ObservedFrom.Client, true), (2, ObservedFrom.Upstream, false)], page.Frames.Select(frame => ((int)frame.Sequence, frame.From, frame.IsText)));
        Assert.Equal("""{"type":"prompt"}""", Encoding.UTF8.GetString(page.Frames[0].Payload));
        Assert.Equal([1, 2, 3], page.Frames[1].Payload);
        Assert.Equal(_time.GetUtcNow(), page.Frames[1].At);
        Assert.Equal((3L, false), (page.Next, page.IsOver));
    }

    [Fact]
    public void What_is_overwritten_shows_as_a_gap_in_the_numbers()
    {
        using var ring = NewRing();
        for (var i = 0; i < 2_000; i++)
            ring.Add(ObservedFrom.Upstream, new byte[100], isText: true);

        var page = ring.Read(1, int.MaxValue);

        Assert.InRange(page.Frames[0].Sequence, 1_001, 1_999);
        Assert.Equal(2_000, page.Frames[^1].Sequence);
        Assert.Equal(Enumerable.Range((int)page.Frames[0].Sequence, page.Frames.Count), page.Frames.Select(frame => (int)frame.Sequence));
    }

    [Fact]
    public void A_page_holds_about_what_was_asked_for_and_at_least_one_frame()
    {
        using var ring = NewRing();
        for (var i = 0; i < 10; i++)
            ring.Add(ObservedFrom.Upstream, new byte[1_000], isText: true);

        var first = ring.Read(1, 1);
        var some = ring.Read(first.Next, 3_200);

        Assert.Equal([1], first.Frames.Select(frame => frame.Sequence));
        Assert.Equal([2, 3, 4], some.Frames.Select(frame => frame.Sequence));
        Assert.Equal(5, some.Next);
    }

    [Theory]
    [InlineData("""{"type":"set_image","image_data":"AAAA""", "set_image")]
    [InlineData("""{"image_data":null,"type":"late","x":"AAAA""", "late")]
    [InlineData("""[1,"AAAA""", null)]
    [InlineData("AAAA", null)]
    public void A_frame_that_is_too_long_is_noted_with_its_type_and_drops_nothing(string begin, string? type)
    {
        using var ring = NewRing();
        ring.Add(ObservedFrom.Client, "first"u8, isText: true);

        ring.Add(ObservedFrom.Client, Encoding.UTF8.GetBytes(begin.PadRight(1_000_000, 'A')), isText: true);

        var frames = ring.Read(1, int.MaxValue).Frames;
        Assert.Equal([1, 2], frames.Select(frame => frame.Sequence));
        Assert.Equal((1_000_000, type), (frames[1].Length, frames[1].Type));
        Assert.Empty(frames[1].Payload);
    }

    [Fact]
    public async Task Who_waits_is_told_of_the_next_frame_and_of_the_end()
    {
        using var ring = NewRing();
        var (next, after) = (ring.WhenMoreAsync(1), ring.WhenMoreAsync(2));
        Assert.False(next.IsCompleted);

        ring.Add(ObservedFrom.Upstream, "x"u8, isText: true);
        await next.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(after.IsCompleted, "Whoever waited is woken, and looks.");
        var end = ring.WhenMoreAsync(2);
        Assert.False(end.IsCompleted);
        ring.Close();
        await end.WaitAsync(TimeSpan.FromSeconds(5));

        ring.Add(ObservedFrom.Upstream, "too late"u8, isText: true);
        Assert.Equal((1, 2L, true), (ring.Read(1, 100).Frames.Count, ring.Read(1, 100).Next, ring.Read(1, 100).IsOver));
    }

    [Fact]
    public void It_is_known_for_how_long_it_has_been_closed()
    {
        using var ring = NewRing();
        Assert.Null(ring.ClosedFor);

        ring.Close();
        _time.Advance(TimeSpan.FromSeconds(3));
        ring.Close();

        Assert.Equal(TimeSpan.FromSeconds(3), ring.ClosedFor);
    }

    [Fact]
    public void Without_budget_a_ring_keeps_what_it_has_room_for_and_all_of_it_is_given_back()
    {
        var budget = new RingBudget(4 * 1024);
        var (first, second) = (new SessionRing(MaxBytes, budget, _time), new SessionRing(MaxBytes, budget, _time));
        for (var i = 0; i < 100; i++)
            first.Add(ObservedFrom.Upstream, new byte[500], isText: true);
        for (var i = 0; i < 100; i++)
            second.Add(ObservedFrom.Upstream, new byte[5_000], isText: true);

        var (kept, noted) = (first.Read(1, int.MaxValue), second.Read(1, int.MaxValue));
        Assert.True(first.Bytes + second.Bytes <= 4 * 1024, $"{first.Bytes} and {second.Bytes}");
        Assert.Equal((101L, 101L), (kept.Next, noted.Next));
        Assert.Contains(kept.Frames, frame => frame.Payload.Length == 500);
        Assert.All(noted.Frames, frame => Assert.Equal((5_000, 0), (frame.Length, frame.Payload.Length)));

        first.Dispose();
        first.Dispose();
        second.Dispose();
        Assert.True(budget.TryTake(4 * 1024));
        Assert.Equal((0, 101L, true), (first.Read(1, 100).Frames.Count, first.Read(1, 100).Next, first.Read(1, 100).IsOver));
    }

    [Fact]
    public void A_session_that_says_little_costs_little()
    {
        using var ring = NewRing();
        Assert.Equal(0, ring.Bytes);

        for (var i = 0; i < 10; i++)
            ring.Add(ObservedFrom.Upstream, """{"type":"generation_tick","seconds":1}"""u8, isText: true);

        Assert.InRange(ring.Bytes, 1, 2 * 1024);
    }

    [Fact]
    public void A_frame_allocates_nothing_once_the_ring_has_grown()
    {
        using var ring = NewRing();
        var frame = new byte[200];
        for (var i = 0; i < 5_000; i++)
            ring.Add(ObservedFrom.Upstream, frame, isText: true);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
            ring.Add(ObservedFrom.Upstream, frame, isText: true);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.InRange(ring.Bytes, 1, MaxBytes);
    }

    private SessionRing NewRing() => new(MaxBytes, new RingBudget(long.MaxValue), _time);
}
