using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Sessions;

/// <summary>A session as its row tells it. Instants are the database's.</summary>
/// <param name="Id">The session.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="EndUser">Whose user opened it: <c>user_id</c> of the client token's metadata.</param>
/// <param name="Provider">The provider's name in our configuration.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="Dialect">The dialect the client speaks: the family, or its version once a frame showed it.</param>
/// <param name="Metadata">The JSON object of the client token.</param>
/// <param name="Phase">Where it is in its life, such as <c>generating</c>.</param>
/// <param name="NodeStatus">What the provider last said of the node.</param>
/// <param name="QueuePosition">Place in the provider's queue, while it waits there.</param>
/// <param name="QueueSize">Length of that queue.</param>
/// <param name="UpstreamSessionId">The provider's own id of the session.</param>
/// <param name="Owner">The process that holds it.</param>
/// <param name="Epoch">How often it changed hands, from 1.</param>
/// <param name="GeneratedMs">Milliseconds generated over all runs; at most half a second old while the session lives.</param>
/// <param name="CloseCode">Why it ended.</param>
/// <param name="CreatedAt">When it was claimed.</param>
/// <param name="ChangedAt">When its state changed last.</param>
/// <param name="EndedAt">When it ended.</param>
public sealed record SessionRow(
    SessionId Id,
    TenantId Tenant,
    string? EndUser,
    string Provider,
    string Model,
    string Dialect,
    string? Metadata,
    string Phase,
    string? NodeStatus,
    int? QueuePosition,
    int? QueueSize,
    string? UpstreamSessionId,
    long Owner,
    int Epoch,
    long GeneratedMs,
    CloseCode? CloseCode,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    DateTimeOffset? EndedAt);

/// <summary>One run of a session, with the price its tenant locked.</summary>
/// <param name="Run">Its ordinal in the session.</param>
/// <param name="UpstreamSessionId">The provider's id of the session when it began.</param>
/// <param name="MarkMs">Milliseconds generated.</param>
/// <param name="LedgeredMs">As many of them as stand in the ledger.</param>
/// <param name="ClaimedMs">What the provider claimed, where the clock did not believe it.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="ClosedAt">When it was closed.</param>
/// <param name="CloseReason">Why: the provider's reason, or the session's close code.</param>
/// <param name="Price">What the session's tenant pays; null when it had no price.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Ledger">Its ranges, contiguous from 0.</param>
public sealed record GenerationRow(
    int Run,
    string? UpstreamSessionId,
    long MarkMs,
    long LedgeredMs,
    long? ClaimedMs,
    DateTimeOffset StartedAt,
    DateTimeOffset? ClosedAt,
    string? CloseReason,
    Price? Price,
    string Currency,
    IReadOnlyList<LedgerRange> Ledger);

/// <summary>One range of the ledger, <c>[From, To)</c> in milliseconds of its run.</summary>
public sealed record LedgerRange(long FromMs, long ToMs, DateTimeOffset RecordedAt);

/// <summary>One event of a session's timeline. Detail is a JSON object.</summary>
public sealed record TimelineRow(int Sequence, DateTimeOffset At, string Kind, string? Phase, string? Detail);

/// <summary>
/// What people may see of sessions. Every question names the tenant that asks, and is answered with what belongs to it or
/// to a tenant below it; everything else does not exist.
/// </summary>
public interface ISessionQueries
{
    /// <summary>Sessions from the newest on, before <paramref name="before"/> if given.</summary>
    Task<IReadOnlyList<SessionRow>> ListAsync(TenantId viewer, bool liveOnly, SessionId? before, int limit, CancellationToken cancellationToken);

    /// <summary>How many sessions of the viewer and of those below it are live.</summary>
    Task<int> CountLiveAsync(TenantId viewer, CancellationToken cancellationToken);

    /// <summary>One session.</summary>
    Task<SessionRow?> FindAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken);

    /// <summary>The newest live session that its provider calls so, or whose client it sent to the room of that name.</summary>
    Task<SessionRow?> FindLiveAsync(TenantId viewer, string upstream, bool isRoom, CancellationToken cancellationToken);

    /// <summary>The runs of a session that <see cref="FindAsync"/> found.</summary>
    Task<IReadOnlyList<GenerationRow>> GenerationsAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>The timeline of a session that <see cref="FindAsync"/> found, up to <paramref name="limit"/> events after a sequence.</summary>
    Task<IReadOnlyList<TimelineRow>> TimelineAsync(SessionId session, int after, int limit, CancellationToken cancellationToken);

    /// <summary>Asks whatever process owns the session to end it. Safe to repeat; the first code stays.</summary>
    Task RequestEndAsync(SessionId session, CloseCode code, CancellationToken cancellationToken);
}
