using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Ends a session for its client, wherever it lives, and waits a moment until it is in the books.</summary>
internal sealed class SessionEnding(ISessionQueries queries, IGrains grains, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Its row once it is over; as it is then where that takes too long.</summary>
    public async Task<SessionRow?> EndAsync(SessionCall call, CancellationToken cancellationToken)
    {
        var tenant = call.Request.Tenant;
        await grains.Get<ISessionGrain>(call.Session.ToString()).CloseAsync(call.IsClient ? CloseCode.ClientClosed : CloseCode.EndedByTenant, cancellationToken);
        var since = time.GetTimestamp();
        while (true)
        {
            var row = await FindAsync(tenant, call.Session, cancellationToken);
            if (row is null or { EndedAt: not null } || time.GetElapsedTime(since) > Timeout)
                return row;
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private Task<SessionRow?> FindAsync(TenantId tenant, SessionId session, CancellationToken cancellationToken) => queries.FindAsync(tenant, session, cancellationToken);
}
