namespace Orchestrator.Simulator.Demo;

/// <summary>Follows one session through the gateway's public API, as a back end or a support desk would.</summary>
internal sealed class SessionWatch(JsonApi gateway, Story story, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Tells what happens to the end user's session until it is over; answers it as it then is.</summary>
    /// <param name="endUser">Whose session it is.</param>
    /// <param name="wantsMark">Whether its final mark is asked of those who observe it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<SessionView> FollowAsync(string endUser, bool wantsMark, CancellationToken cancellationToken)
    {
        var session = await FindAsync(endUser, cancellationToken);
        var observing = wantsMark ? new MarkWatch(gateway).FollowAsync(session.Id, cancellationToken) : null;
        var (seen, isOver) = (0, false);
        while (!isOver)
        {
            var timeline = await gateway.GetAsync<TimelineView>($"v1/sessions/{session.Id}/timeline?after={seen}", cancellationToken);
            foreach (var happening in timeline.Events)
            {
                foreach (var (step, text) in TimelineTeller.Tell(happening, session))
                    story.Tell(happening.At, step, text);
                (seen, isOver) = (happening.Sequence, happening.Kind == TimelineTeller.Ended);
            }

            if (!isOver)
                await Task.Delay(Interval, time, cancellationToken);
        }

        var over = await gateway.GetAsync<SessionView>($"v1/sessions/{session.Id}", cancellationToken);
        return over with { ObservedMarkMs = observing is null ? null : await observing };
    }

    /// <summary>The client never learns its session's id from the provider's dialect; the back end knows its own user.</summary>
    private async Task<SessionView> FindAsync(string endUser, CancellationToken cancellationToken)
    {
        while (true)
        {
            var list = await gateway.GetAsync<SessionList>("v1/sessions?limit=50", cancellationToken);
            if (list.Sessions.FirstOrDefault(session => session.EndUser == endUser) is { } session)
                return session;
            await Task.Delay(Interval, time, cancellationToken);
        }
    }
}
