using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Observing;

/// <summary>Laws of the ring, whatever is said and whoever reads.</summary>
public class SessionRingLawTests
{
    private const int MaxBytes = 4 * 1024;

    /// <summary>What happens: a frame of that length, or a look from that number on for that many bytes.</summary>
    public sealed record Happening(bool IsFrame, int Length, int From);

    private static Arbitrary<Happening[]> Happenings => Samples.SequencesOf(
        from kind in Gen.Choose(0, 3)
        from length in Gen.Frequency((6, Gen.Choose(0, 200)), (2, Gen.Choose(200, 1_100)), (1, Gen.Choose(1_100, 5_000)))
        from number in Gen.Choose(-2, 150)
        select new Happening(kind > 0, length, number), max: 150);

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(3_000)]
    [InlineData(600)]
    [InlineData(0)]
    public void Numbers_have_no_gap_but_at_their_beginning_and_frames_are_as_they_were(long budget) => Laws.Hold(Happenings, happenings =>
    {
        var time = new TestTimeProvider();
        var shared = new RingBudget(budget);
        using var ring = new SessionRing(MaxBytes, shared, time);
        var said = new List<byte[]>();
        foreach (var happening in happenings)
        {
            if (happening.IsFrame)
            {
                var frame = new byte[happening.Length];
                Array.Fill(frame, (byte)said.Count);
                said.Add(frame);
                ring.Add(ObservedFrom.Upstream, frame, isText: true);
                Assert.True(ring.Bytes <= Math.Min(MaxBytes, budget), $"It takes {ring.Bytes} bytes.");
                continue;
            }

            AssertPage(ring.Read(happening.From, happening.Length), happening.From, said);
        }

        var all = ring.Read(1, int.MaxValue);
        AssertPage(all, 1, said);
        Assert.Equal(said.Count + 1, Math.Max(all.Next, 1));
        ring.Dispose();
        Assert.True(shared.TryTake((int)Math.Min(budget, int.MaxValue)), "What a ring took was not given back.");
    });

    private static void AssertPage(ObservedPage page, long from, List<byte[]> said)
    {
        Assert.True(page.Next >= from);
        for (var i = 0; i < page.Frames.Count; i++)
        {
            var frame = page.Frames[i];
            Assert.Equal(page.Frames[0].Sequence + i, frame.Sequence);
            Assert.InRange(frame.Sequence, Math.Max(from, 1), said.Count);
            var whole = said[(int)frame.Sequence - 1];
            Assert.Equal(whole.Length, frame.Length);
            if (frame.Payload.Length > 0)
                Assert.Equal(whole, frame.Payload);
        }

        if (page.Frames.Count > 0)
            Assert.Equal(page.Frames[^1].Sequence + 1, page.Next);
    }
}
