using System.Runtime.InteropServices;

namespace Orchestrator.Grains.Sessions.Observing;

/// <summary>What servers of the tenant have sent, as the timeline tells it.</summary>
/// <param name="By">Who: the id of a key.</param>
/// <param name="Type">The type of the frames.</param>
/// <param name="Frames">How many.</param>
public readonly record struct SteeringMark(string By, string Type, int Frames);

/// <summary>
/// Gathers what is sent for a tenant's server into marks for the timeline: the first frame of a kind at once, those that follow
/// within a second together. A server that speaks for its user sends dozens a second, and each mark is a row. Called in turns.
/// </summary>
internal sealed class SteeringMarks(TimeProvider time)
{
    private const int MaxKinds = 64, MaxType = 64;
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(string By, string Type), Kind> _kinds = [];

    /// <summary>Counts a frame; the mark to make now, if it is time for one.</summary>
    public SteeringMark? Sent(string by, string? type)
    {
        // Both are bounded: by what a key's id is, and here. What is beyond is marked without its type.
        var key = (by, type is { Length: <= MaxType } && _kinds.Count < MaxKinds ? type : "");
        ref var kind = ref CollectionsMarshal.GetValueRefOrAddDefault(_kinds, key, out var isKnown);
        kind.Waiting++;
        return isKnown && time.GetElapsedTime(kind.MarkedAt) < Together ? null : Mark(key, ref kind);
    }

    /// <summary>What was counted and not marked; for the end of the session.</summary>
    public IReadOnlyList<SteeringMark> Rest() =>
        [.. _kinds.Where(kind => kind.Value.Waiting > 0).Select(kind => new SteeringMark(kind.Key.By, kind.Key.Type, kind.Value.Waiting))];

    private SteeringMark Mark((string By, string Type) key, ref Kind kind)
    {
        var mark = new SteeringMark(key.By, key.Type, kind.Waiting);
        kind = new Kind(time.GetTimestamp());
        return mark;
    }

    private record struct Kind(long MarkedAt, int Waiting = 0);
}
