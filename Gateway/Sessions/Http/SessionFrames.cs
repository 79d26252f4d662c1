using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Reads on in what is said on a session, wherever that is: where its relay is in this process it wakes who waits, elsewhere it
/// is asked again and again.
/// </summary>
internal sealed class SessionFrames(IGrains grains, SessionRegistry registry, TimeProvider time)
{
    /// <summary>About how much is read at once.</summary>
    private const int PageBytes = 64 * 1024;

    /// <summary>How often a session of another process is asked.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>What was said from that number on; waits for it at most so long, and then answers an empty page.</summary>
    public async Task<ObservedPage> ReadAsync(SessionId session, long from, TimeSpan wait, CancellationToken cancellationToken)
    {
        var grain = grains.Get<ISessionGrain>(session.ToString());
        var since = time.GetTimestamp();
        while (true)
        {
            var page = await grain.ReadFramesAsync(from, PageBytes, cancellationToken);
            var left = wait - time.GetElapsedTime(since);
            if (page.Frames.Count > 0 || page.IsOver || left <= TimeSpan.Zero)
                return page;
            await WhenMoreAsync(session, from, left, cancellationToken);
        }
    }

    private async Task WhenMoreAsync(SessionId session, long from, TimeSpan left, CancellationToken cancellationToken)
    {
        if (!registry.TryGetRing(session, out var ring))
        {
            await Task.Delay(left < Interval ? left : Interval, time, cancellationToken);
            return;
        }

        try
        {
            await ring.WhenMoreAsync(from).WaitAsync(left, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Nothing was said.
        }
    }
}
