using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Processes;

namespace Orchestrator.Grains.Sessions;

/// <summary>Claims of the whole process, gathered by the tree that pays for them.</summary>
public sealed partial class SessionClaims
{
    /// <summary>The most claims in one transaction.</summary>
    public const int MaxBatch = 200;

    private readonly Gatherer<SessionClaim, Admission> _gatherer;
    private readonly ILogger<SessionClaims> _logger;

    /// <summary>Asks the billing grains.</summary>
    public SessionClaims(IGrains grains, ProcessLease lease, ILogger<SessionClaims> logger)
    {
        _logger = logger;
        _gatherer = new(MaxBatch, (root, claims) => grains.Get<IBillingGrain>(root.ToString()).AdmitAsync(lease.Process, claims, CancellationToken.None));
    }

    /// <summary>Claims one session. Whatever keeps it from being recorded keeps it from being opened.</summary>
    public async Task<Admission> ClaimAsync(SessionClaim claim)
    {
        try
        {
            return await _gatherer.AskAsync(claim.Request.Path[0], claim);
        }
#pragma warning disable CA1031 // Any failure leaves open whether there is a row.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogClaimFailed(exception, claim.Session);
            return new Admission(CloseCode.StorageUnavailable, null);
        }
    }

    [LoggerMessage(1151, LogLevel.Warning, "Session {Session} could not be claimed and is refused")]
    private partial void LogClaimFailed(Exception exception, SessionId session);
}
