using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Link;

/// <summary>
/// Two ends and a bad road, as pure steps: whatever is lost before or after it took effect, comes twice, comes late or is not
/// read for a while, every byte arrives once and in order, both ways, and never more lies unread than the bound.
/// </summary>
public class LinkLawTests
{
    /// <summary>What may happen next, in either direction.</summary>
    public enum Step
    {
        Deliver,
        LoseCall,
        LoseAnswer,
        RepeatOld,
        ReadSome,
        ReadAll,
        Tell,
        RunOutOfMemory,
        FindMemory,
    }

    private static readonly Gen<(bool Up, Step Step, int Size)> Steps =
        from up in Gen.Elements(true, false)
        from step in Gen.Frequency(
            (6, Gen.Constant(Step.Deliver)), (2, Gen.Constant(Step.LoseCall)), (2, Gen.Constant(Step.LoseAnswer)), (2, Gen.Constant(Step.RepeatOld)),
            (4, Gen.Constant(Step.ReadSome)), (2, Gen.Constant(Step.ReadAll)), (3, Gen.Constant(Step.Tell)),
            (1, Gen.Constant(Step.RunOutOfMemory)), (1, Gen.Constant(Step.FindMemory)))
        from size in Samples.Longs(1, LinkBounds.BatchBytes)
        select (up, step, (int)size);

    private static readonly Arbitrary<(bool Up, Step Step, int Size)[]> Stories = Samples.SequencesOf(Steps, max: 200);

    [Fact]
    public void Every_byte_arrives_once_and_in_order_and_the_bound_holds() =>
        Laws.Hold(Stories, tests: 1_000, law: story =>
        {
            var (up, down) = (new Road(), new Road());
            foreach (var (isUp, step, size) in story)
                (isUp ? up : down).Take(step, size);

            up.AssertInOrder();
            down.AssertInOrder();
        });

    [Fact]
    public void Whatever_happened_before_a_road_that_is_good_again_brings_all_that_waits() =>
        Laws.Hold(Stories, tests: 300, law: story =>
        {
            var road = new Road();
            foreach (var (_, step, size) in story)
                road.Take(step, size);

            road.Take(Step.FindMemory, 0);
            for (var i = 0; i < 4; i++)
            {
                road.Take(Step.Deliver, 10);
                road.Take(Step.ReadAll, 0);
                road.Take(Step.Tell, 0);
            }

            Assert.True(road.Sending.MaySend, $"{road.Sending} stands still at {road.Receiving}.");
            Assert.Equal(road.Sent, road.Receiving.Taken);
        });

    /// <summary>One direction: bytes are their own positions, so what was taken must be a run of whole numbers.</summary>
    private sealed class Road
    {
        private readonly List<(long Position, int Length)> _old = [];
        private readonly List<(long From, long To)> _taken = [];
        private int _underWay;
        private int _window = LinkBounds.WindowBytes;

        public LinkSending Sending { get; private set; } = LinkSending.New;
        public LinkReceiving Receiving { get; private set; } = LinkReceiving.New;
        public long Sent { get; private set; }

        public void Take(Step step, int size)
        {
            switch (step)
            {
                case Step.Deliver:
                    if (TryAnswer(size) is { } ack)
                        Finish(ack);
                    break;
                case Step.LoseCall:
                    Begin(size);
                    break;
                case Step.LoseAnswer:
                    _ = TryAnswer(size);
                    break;
                case Step.RepeatOld when _old.Count > 0:
                    var (position, length) = _old[size % _old.Count];
                    _ = Receive(position, length);
                    break;
                case Step.ReadSome:
                    Receiving = Receiving.Took((int)Math.Min(Receiving.Unread, size));
                    break;
                case Step.ReadAll:
                    Receiving = Receiving.Took((int)Receiving.Unread);
                    break;
                case Step.Tell when Receiving.MustTell(_window):
                    Receiving = Receiving.Tell(_window);
                    Sending = Sending.Heard(Receiving.Told);
                    break;
                case Step.RunOutOfMemory:
                    _window = LinkBounds.LeastBytes;
                    break;
                case Step.FindMemory:
                    _window = LinkBounds.WindowBytes;
                    break;
            }

            Assert.InRange(Receiving.Unread, 0, LinkBounds.UnreadBytes);
        }

        public void AssertInOrder()
        {
            var next = 0L;
            foreach (var (from, to) in _taken)
            {
                Assert.Equal(next, from);
                next = to;
            }

            Assert.Equal(Receiving.Next, next);
        }

        /// <summary>The batch under way is the same until it is answered.</summary>
        private bool Begin(int size)
        {
            if (_underWay == 0)
            {
                if (!Sending.MaySend)
                    return false;
                _underWay = size;
                Sent += size;
                _old.Add((Sending.Position, size));
            }

            return true;
        }

        private LinkAck? TryAnswer(int size) => Begin(size) ? Receive(Sending.Position, _underWay) : null;

        private void Finish(LinkAck ack)
        {
            var (next, verdict) = Sending.Answered(_underWay, ack);
            Assert.Equal(LinkVerdict.Delivered, verdict);
            (Sending, _underWay) = (next, 0);
        }

        private LinkAck Receive(long position, int length)
        {
            var before = Receiving;
            Receiving = Receiving.Receive(position, length, _window);
            if (Receiving != before)
                _taken.Add((position, position + length));
            return Receiving.Ack;
        }
    }
}
