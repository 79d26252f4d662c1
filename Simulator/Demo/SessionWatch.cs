namespace Orchestrator.Simulator.Demo;

/// <summary>Follows one session through the gateway's public API, as a back end or a support desk would.</summary>
internal sealed class SessionWatch(JsonApi gateway, Story story, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Tells what happens to the end user's session until it is over; answers it as it then is.</summary>
    public async Task<SessionView> FollowAsync(string endUser, CancellationToken cancellationToken)
    {
        var session = await FindAsync(endUser, cancellationToken);
        var (seen, over) = (0, false);
        while (!over)
        {
            var timeline = await gateway.GetAsync<TimelineView>($"v1/sessions/{session.Id}/timeline?after={seen}", cancellationToken);
            foreach (var happening in timeline.Events)
            {
                foreach (var (step, text) in TimelineTeller.Tell(happening, session))
                    story.Tell(happening.At, step, text);
                (seen, over) = (happening.Sequence, happening.Kind == TimelineTeller.Ended);
            }

            if (!over)
                await Task.Delay(Interval, time, cancellationToken);
        }

        return await gateway.GetAsync<SessionView>($"v1/sessions/{session.Id}", cancellationToken);
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
