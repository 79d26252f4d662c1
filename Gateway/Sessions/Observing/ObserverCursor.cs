using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>What an observer is told next: a frame, or that frames are lost.</summary>
/// <param name="Frame">The frame; null for a gap.</param>
/// <param name="From">Its number, or the first that is lost.</param>
/// <param name="To">Its number, or the last that is lost.</param>
internal readonly record struct Observed(ObservedFrame? Frame, long From, long To);

/// <summary>Where an observer is in a session: makes of pages what it is told, in order and with every gap announced.</summary>
/// <param name="from">The first number wanted.</param>
internal sealed class ObserverCursor(long from)
{
    /// <summary>The number that comes next.</summary>
    public long Next { get; private set; } = Math.Max(1, from);

    /// <summary>What a page that was asked for from <see cref="Next"/> on holds.</summary>
    public IEnumerable<Observed> Take(ObservedPage page)
    {
        foreach (var frame in page.Frames)
        {
            // A page that was asked for twice holds what was told before.
            if (frame.Sequence < Next)
                continue;
            if (LostUpTo(frame.Sequence) is { } lost)
                yield return lost;
            Next = frame.Sequence + 1;
            yield return new Observed(frame, frame.Sequence, frame.Sequence);
        }

        if (LostUpTo(page.Next) is { } rest)
            yield return rest;
    }

    private Observed? LostUpTo(long sequence)
    {
        if (sequence <= Next)
            return null;
        var lost = new Observed(null, Next, sequence - 1);
        Next = sequence;
        return lost;
    }
}
