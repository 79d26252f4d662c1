using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>A session that a process which does not own it wants ended.</summary>
public readonly record struct EndRequest(SessionId Session, CloseCode Code);

/// <summary>Where a process finds what others want of its sessions.</summary>
public interface IEndRequestStore
{
    /// <summary>The live sessions of this process that somebody wants ended.</summary>
    Task<IReadOnlyList<EndRequest>> FindEndRequestsAsync(long process, CancellationToken cancellationToken);
}

/// <summary>
/// One look at all relays of the process, instead of timers in each: limits that were reached, sessions that others want
/// ended, and tenants or keys that may no longer have sessions.
/// </summary>
public sealed class RelaySweep(SessionRegistry relays, TenantDirectory directory, IEndRequestStore requests, ProcessLease lease)
{
    /// <summary>How often limits are looked at: the most that a session outlives one.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private long _seenVersion;

    /// <summary>Looks at the limits of every relay.</summary>
    public void CheckLimits()
    {
        foreach (var relay in relays.All)
            relay.Sweep();
        relays.ForgetRings();
    }

    /// <summary>Ends what others want ended.</summary>
    public async Task ServeEndRequestsAsync(CancellationToken cancellationToken)
    {
        if (relays.Count == 0)
            return;
        foreach (var request in await requests.FindEndRequestsAsync(lease.Process, cancellationToken))
        {
            if (relays.TryGet(request.Session, out var relay))
                relay.Post(new SessionEvent.CloseRequested(request.Code));
        }
    }

    /// <summary>Ends the sessions of tenants that were suspended and keys that were revoked, whenever the directory has changed.</summary>
    public void EnforceDirectory()
    {
        var version = directory.Version;
        if (version == _seenVersion)
            return;
        _seenVersion = version;
        foreach (var relay in relays.All)
        {
            if (directory.WhyRefused(relay.Request.Path, relay.Request.KeyId) is { } code)
                relay.Post(new SessionEvent.CloseRequested(code));
        }
    }
}
