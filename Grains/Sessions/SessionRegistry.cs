using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions;

/// <summary>The relays of this process, by session. Where a grain finds the sockets it decides about.</summary>
public sealed class SessionRegistry
{
    private readonly ConcurrentDictionary<SessionId, SessionRelay> _relays = new();

    /// <summary>How many sessions this process relays.</summary>
    public int Count => _relays.Count;

    /// <summary>Every relay, at no particular instant.</summary>
    public IEnumerable<SessionRelay> All => _relays.Values;

    /// <summary>The relay of a session, if this process has it.</summary>
    public bool TryGet(SessionId session, [NotNullWhen(true)] out SessionRelay? relay) => _relays.TryGetValue(session, out relay);

    /// <summary>A relay begins.</summary>
    public void Add(SessionRelay relay) => _relays.TryAdd(relay.Session, relay);

    /// <summary>A relay is over.</summary>
    public void Remove(SessionRelay relay) => _relays.TryRemove(KeyValuePair.Create(relay.Session, relay));

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
            // One that is still being claimed has no row under the former life; its claim finds out by itself.
            if (!relay.IsClaimed)
                continue;
            if (epochs.TryGetValue(session, out var epoch))
            {
                relay.Ownership.Reclaim(epoch);
                kept++;
            }
            else
            {
                Lose(session);
                lost++;
            }
        }

        return (kept, lost);
    }
}
