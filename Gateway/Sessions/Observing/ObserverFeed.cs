using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Observing;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>What an observer reads from, and how it acts: the ring of this process, or the session's grain wherever that is.</summary>
internal sealed class ObserverFeeds(
    SessionRegistry registry, IGrains grains, ISessionQueries queries, IHostApplicationLifetime host, IOptions<ObserverOptions> options, TimeProvider time)
{
    /// <summary>A feed for one observer.</summary>
    public ObserverFeed Open(Observer observer) => new(observer, registry, grains, queries, host, options.Value.PollInterval, time);
}

/// <summary>The feed of one observer.</summary>
internal sealed class ObserverFeed(
    Observer observer, SessionRegistry registry, IGrains grains, ISessionQueries queries, IHostApplicationLifetime host, TimeSpan pollInterval, TimeProvider time)
{
    private const int PageBytes = 32 * 1024;

    /// <summary>The most that passes until a revocation is noticed.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);

    // Once found it is held: its end can be read even when the registry has forgotten it.
    private SessionRing? _ring;

    private ISessionGrain Grain => grains.Get<ISessionGrain>(observer.Session.ToString());

    /// <summary>Why this observer has to go now, or null.</summary>
    public CloseCode? WhyGone =>
        observer.WhyGone() ?? (_ring is null && host.ApplicationStopping.IsCancellationRequested ? CloseCode.ServerShutdown : null);

    /// <summary>What there is from that number on; at once.</summary>
    public async Task<ObservedPage> ReadAsync(long from, CancellationToken cancellationToken)
    {
        if (_ring is null && registry.TryGetRing(observer.Session, out var ring))
            _ring = ring;
        if (_ring is not null)
            return _ring.Read(from, PageBytes);
        try
        {
            return await Grain.ReadFramesAsync(from, PageBytes, cancellationToken);
        }
#pragma warning disable CA1031 // A process that is lost, or busy, is asked again; the session's row tells when there is no use in it.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return ObservedPage.Gone;
        }
    }

    /// <summary>Waits until there is more, or it is time to look at other things.</summary>
    public async Task WaitAsync(long from, CancellationToken cancellationToken)
    {
        // Whichever is first is awaited too: an observer that has left ends its loop here.
        if (_ring is null)
            await Task.Delay(pollInterval, time, cancellationToken);
        else
            await await Task.WhenAny(_ring.WhenMoreAsync(from), Task.Delay(CheckInterval, time, cancellationToken));
    }

    /// <summary>Of a session that nobody relays: its end as its row tells it, or null while it has none.</summary>
    public async Task<byte[]?> EndAsync(CancellationToken cancellationToken)
    {
        var row = await queries.FindAsync(observer.Viewer, observer.Session, cancellationToken);
        return row is { EndedAt: { } at, CloseCode: { } code } ? ObserverMessages.Ended(at, LifecycleFrames.Ended(row.GeneratedMs, code)) : null;
    }

    /// <summary>Sends a frame to the provider; false when there is no room for it, or no relay.</summary>
    public Task<bool> SteerAsync(byte[] frame, CancellationToken cancellationToken) =>
        Grain.SteerAsync(new SteeringFrame(frame, observer.Actor), cancellationToken);

    /// <summary>Ends the session.</summary>
    public async Task EndSessionAsync(CancellationToken cancellationToken)
    {
        await queries.RequestEndAsync(observer.Session, CloseCode.EndedByTenant, cancellationToken);
        if (registry.TryGet(observer.Session, out _))
            await Grain.CloseAsync(CloseCode.EndedByTenant, cancellationToken);
    }
}
