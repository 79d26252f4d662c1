using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Sessions;

/// <summary>
/// This process's claim to a session: the epoch under which it may write. Shared by all that writes for the session, so that
/// a re-claim under a new epoch reaches what was queued under the old one.
/// </summary>
public sealed class SessionOwnership(SessionId session, TenantId root = default)
{
    private int _epoch = 1;
    // The claim itself is the first event on the timeline.
    private int _sequence = 1;
    private volatile bool _isLost;

    /// <summary>The session.</summary>
    public SessionId Session => session;

    /// <summary>The root of the tree that pays for it.</summary>
    public TenantId Root => root;

    /// <summary>The session's end is in the journal and not in the books yet.</summary>
    public bool IsEnding { get; set; }

    /// <summary>The epoch it was last claimed under.</summary>
    public int Epoch => Volatile.Read(ref _epoch);

    /// <summary>Another process has the session; whatever is still queued for it here may be dropped.</summary>
    public bool IsLost => _isLost;

    /// <summary>This process claimed the session again.</summary>
    public void Reclaim(int epoch) => Volatile.Write(ref _epoch, epoch);

    /// <summary>Another process claimed the session.</summary>
    public void Lose() => _isLost = true;

    /// <summary>The next place on the session's timeline.</summary>
    public int NextSequence() => Interlocked.Increment(ref _sequence);
}
