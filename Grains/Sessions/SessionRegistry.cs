using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions;

/// <summary>The relays of this process, by session. Where a grain finds the sockets it decides about.</summary>
public sealed class SessionRegistry
{
    /// <summary>How long what was last said on a session can still be read after its end: who watches from elsewhere asks ten times a second.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<SessionId, SessionRelay> _relays = new();
    private readonly ConcurrentDictionary<SessionId, SessionOwnership> _ending = new();
    private readonly ConcurrentDictionary<SessionId, SessionRing> _over = new();
    private volatile bool _isClosed;

    /// <summary>The process is going away: no session begins here any more, and those that are here go on.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>How many sessions this process relays.</summary>
    public int Count => _relays.Count;

    /// <summary>Every relay, at no particular instant.</summary>
    public IEnumerable<SessionRelay> All => _relays.Values;

    /// <summary>The relay of a session, if this process has it.</summary>
    public bool TryGet(SessionId session, [NotNullWhen(true)] out SessionRelay? relay) => _relays.TryGetValue(session, out relay);

    /// <summary>What was last said on a session that is here, or has just ended here.</summary>
    public bool TryGetRing(SessionId session, [NotNullWhen(true)] out SessionRing? ring)
    {
        ring = _relays.TryGetValue(session, out var relay) ? relay.Ring : _over.GetValueOrDefault(session);
        return ring is not null;
    }

    /// <summary>Gives up what nobody may read any more of sessions that are over. Called about each second, by one thread.</summary>
    internal void ForgetRings()
    {
        foreach (var (session, ring) in _over)
        {
            if (ring.ClosedFor < Linger)
                continue;
            _over.TryRemove(session, out _);
            ring.Dispose();
        }
    }

    /// <summary>From now on no session begins here. A relay that comes too late is refused by its grain before anything is claimed.</summary>
    public void Close() => _isClosed = true;

    /// <summary>A relay begins.</summary>
    public void Add(SessionRelay relay) => _relays.TryAdd(relay.Session, relay);

    /// <summary>A relay is over. Where its end still waits to be written, the session is ours until it is.</summary>
    public void Remove(SessionRelay relay)
    {
        if (relay.Ownership.IsEnding)
            _ending.TryAdd(relay.Session, relay.Ownership);
        _over.TryAdd(relay.Session, relay.Ring);
        _relays.TryRemove(KeyValuePair.Create(relay.Session, relay));
        // It may have been written in between, before there was anything to forget.
        if (!relay.Ownership.IsEnding)
            _ending.TryRemove(relay.Session, out _);
    }

    /// <summary>The end of a session is in the books.</summary>
    internal void Forget(SessionOwnership ownership)
    {
        ownership.IsEnding = false;
        _ending.TryRemove(ownership.Session, out _);
    }

    /// <summary>Another process holds this session now: whatever we have of it ends without touching the books.</summary>
    internal void Lose(SessionId session)
    {
        if (!_relays.TryGetValue(session, out var relay))
            return;
        relay.Ownership.Lose();
        relay.Post(new SessionEvent.CloseRequested(CloseCode.OwnershipLost));
    }

    /// <summary>After a new life of the process: those in <paramref name="held"/> go on under their new epoch, the others are lost.</summary>
    internal (int Kept, int Lost) Reclaim(IReadOnlyList<HeldSession> held)
    {
        var epochs = held.ToDictionary(session => session.Session, session => session.Epoch);
        var (kept, lost) = (0, 0);
        foreach (var (session, relay) in _relays)
        {
            if (epochs.TryGetValue(session, out var epoch))
            {
                relay.Ownership.Reclaim(epoch);
                kept++;
            }
            else if (relay.IsClaimed)
            {
                Lose(session);
                lost++;
            }

            // Else it is still being claimed, and its claim finds out by itself.
        }

        foreach (var (session, ownership) in _ending)
        {
            if (epochs.TryGetValue(session, out var epoch))
                ownership.Reclaim(epoch);
            else
                ownership.Lose();
        }

        return (kept, lost);
    }
}
