using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Gateway.Sessions.Observing;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Observing;

/// <summary>
/// Whoever watches, from whenever on, however slowly and however often it comes back: numbers rise by one, or a gap is announced
/// that says exactly what is missing; what is told is what was said; and with the end everything is accounted for.
/// </summary>
public class ObserverLawTests
{
    private const int MaxBytes = 4 * 1024;

    /// <summary>Something is said, or one of the observers looks, takes part of what it saw, leaves and comes back.</summary>
    public sealed record Happening(int Kind, int Observer, int Size);

    private static Arbitrary<Happening[]> Mixes => Samples.SequencesOf(
        from kind in Gen.Frequency((6, Gen.Constant(0)), (3, Gen.Constant(1)), (1, Gen.Constant(2)))
        from observer in Gen.Choose(0, 3)
        from size in Gen.Frequency((4, Gen.Choose(0, 300)), (1, Gen.Choose(300, 4_000)))
        select new Happening(kind, observer, size), max: 200);

    [Fact]
    public void Observers_are_told_everything_in_order_or_what_they_missed() => Laws.Hold(Mixes, happenings =>
    {
        using var ring = new SessionRing(MaxBytes, new RingBudget(long.MaxValue), new TestTimeProvider());
        // They join late, each at another moment, which is where it first looks.
        var observers = Enumerable.Range(0, 4).Select(_ => new Watching()).ToList();
        var said = 0;
        foreach (var (kind, observer, size) in happenings)
        {
            switch (kind)
            {
                case 0:
                    ring.Add(ObservedFrom.Upstream, [.. BitConverter.GetBytes(++said), .. new byte[size]], isText: true);
                    break;
                case 1:
                    observers[observer].Look(ring, size);
                    break;
                default:
                    observers[observer].Reconnect();
                    break;
            }
        }

        ring.Add(ObservedFrom.Lifecycle, BitConverter.GetBytes(++said), isText: true);
        ring.Close();
        foreach (var observer in observers)
        {
            while (!observer.Look(ring, 1_000))
                continue;
            Assert.Equal(said, observer.Last);
            Assert.Equal(said, observer.Told.Count + observer.Missed);
            Assert.All(observer.Told, frame => Assert.Equal(frame.Sequence, frame.Payload is [] ? frame.Sequence : BitConverter.ToInt32(frame.Payload)));
        }
    }, tests: 300);

    /// <summary>An observer that checks what it is told as it comes.</summary>
    private sealed class Watching
    {
        private ObserverCursor _cursor = new(1);

        public long Last { get; private set; }

        public long Missed { get; private set; }

        public List<ObservedFrame> Told { get; } = [];

        /// <summary>Reads a page and takes all of it; whether the session is over.</summary>
        public bool Look(SessionRing ring, int bytes)
        {
            var page = ring.Read(_cursor.Next, bytes);
            foreach (var observed in _cursor.Take(page))
            {
                Assert.Equal(Last + 1, observed.From);
                Assert.True(observed.To >= observed.From);
                Last = observed.To;
                if (observed.Frame is { } frame)
                    Told.Add(frame);
                else
                    Missed += observed.To - observed.From + 1;
            }

            return page.IsOver;
        }

        /// <summary>Comes back as one does who knows the last number that it heard.</summary>
        public void Reconnect() => _cursor = new ObserverCursor(Last + 1);
    }
}
