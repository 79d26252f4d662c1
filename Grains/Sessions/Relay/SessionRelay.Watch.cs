using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Observing;

namespace Orchestrator.Grains.Sessions.Relay;

/// <content>Others who watch the session at its provider. Their sockets are their own, so nothing here moves a frame or counts a second.</content>
public sealed partial class SessionRelay
{
    private volatile WatchPlace? _watchPlace;
    private SteeringMarks? _watchers;

    /// <summary>Notes that somebody joins to watch, where that is possible. Only the grain calls this, so one call at a time.</summary>
    internal WatchAnswer Watch(Watcher watcher)
    {
        if (_state.Phase is SessionPhase.Ended)
            return WatchAnswer.Gone;
        // Those of a second together: each mark is a row, and who may watch may come again and again.
        if (_watchPlace is not null && (_watchers ??= new SteeringMarks(_services.Time)).Sent(watcher.Actor, watcher.Way) is { } mark)
            _services.Journal.Add(Timeline.Watched(Ownership, _services.Time.GetUtcNow(), mark));
        return new WatchAnswer(Found: true, _watchPlace);
    }
}
