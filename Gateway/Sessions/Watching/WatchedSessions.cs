using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Watching;

/// <summary>
/// Tells watchers when their session is over: by its relay where that is in this process, by its grain elsewhere, and by its row where nobody
/// relays it any more.
/// </summary>
internal sealed class WatchedSessions(SessionRegistry registry, IGrains grains, ISessionQueries queries, Drain drain, TimeProvider time)
{
    /// <summary>How often a session of another process is asked for.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How often the row of a session that nobody relays is looked at.</summary>
    private static readonly TimeSpan RowInterval = TimeSpan.FromSeconds(1);

    /// <summary>What is asked a few times a second by one watcher: why it is over for it, or null.</summary>
    public Func<ValueTask<CloseCode?>> EndOf(WatchCall call, Func<WatchCall, CloseCode?> whyGone)
    {
        var (askedAt, interval) = (time.GetTimestamp(), AskInterval);
        return WhyOverAsync;

        async ValueTask<CloseCode?> WhyOverAsync()
        {
            if (drain.GraceOver.IsCompleted)
                return CloseCode.ServerShutdown;
            if (whyGone(call) is { } gone)
                return gone;
            if (registry.TryGet(call.Row.Id, out var relay))
                return relay.State.Phase is SessionPhase.Ended ? CloseCode.Completed : null;
            if (time.GetElapsedTime(askedAt) < interval)
                return null;

            var look = await LookAsync(call.Row.Id);
            (askedAt, interval) = (time.GetTimestamp(), look.Request is null ? RowInterval : AskInterval);
            if (look.Request is not null)
                return look.Phase is SessionPhase.Ended ? CloseCode.Completed : null;
            return await IsOverAsync(call) ? CloseCode.Completed : null;
        }
    }

    private async Task<SessionLook> LookAsync(SessionId session)
    {
        try
        {
            return await grains.Get<ISessionGrain>(session.ToString()).LookAsync(isClient: false, CancellationToken.None);
        }
#pragma warning disable CA1031 // A process that is lost, or busy, is asked again; the row tells when there is no use in it.
        catch (Exception)
#pragma warning restore CA1031
        {
            return SessionLook.Gone;
        }
    }

    private async Task<bool> IsOverAsync(WatchCall call)
    {
        try
        {
            return await queries.FindAsync(call.Row.Tenant, call.Row.Id, CancellationToken.None) is not { EndedAt: null };
        }
#pragma warning disable CA1031 // While the database is away nobody's session is known to be over.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }
}
