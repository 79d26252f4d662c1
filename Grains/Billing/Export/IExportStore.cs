using Orchestrator.Domain.Billing;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>A target whose billables are to be frozen, locked by whoever freezes them.</summary>
/// <param name="Id">The target.</param>
/// <param name="Kind">What it sends to.</param>
/// <param name="Address">Where; without its credential, which no body holds.</param>
public sealed record FreezingTarget(Guid Id, SinkKind Kind, SinkAddress Address);

/// <summary>A batch with what a sink is to be told of it.</summary>
/// <param name="Id">Of the event.</param>
/// <param name="Identifier">What the sink will know it by.</param>
/// <param name="Batch">What it covers.</param>
/// <param name="Body">Frozen; empty where nothing is to be sent.</param>
public sealed record FrozenEvent(Guid Id, string Identifier, ExportBatch Batch, string Body);

/// <summary>What a freeze came to.</summary>
/// <param name="Target">Whose billables they were; null when no target is due.</param>
/// <param name="Events">How many events were made.</param>
/// <param name="IsPartial">There is more than one freeze takes; the target is due again at once.</param>
public readonly record struct Frozen(Guid? Target, int Events, bool IsPartial);

/// <summary>Freezes billables. Everything in one transaction, under the lock of the target.</summary>
public interface IExportFreezer
{
    /// <summary>
    /// Freezes what one due target has gathered: every ledger row below it that no transaction still open can precede, once for
    /// good (unique by row and target), and every correction of what it exported. Nobody waits for a target that another freezes.
    /// </summary>
    /// <param name="window">How long a target gathers.</param>
    /// <param name="except">Targets that failed a moment ago.</param>
    /// <param name="write">Writes bodies for a sink; throws where there is no such sink.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Frozen> FreezeAsync(
        TimeSpan window, IReadOnlyCollection<Guid> except, Func<FreezingTarget, IReadOnlyList<ExportBatch>, IReadOnlyList<FrozenEvent>> write, CancellationToken cancellationToken);
}

/// <summary>A lane that this process holds.</summary>
/// <param name="Id">The lane.</param>
/// <param name="Turn">Which taking of it; what an earlier one does is void.</param>
/// <param name="Kind">What it sends to.</param>
/// <param name="Account">Whose limits its requests count in.</param>
public sealed record HeldLane(long Id, long Turn, SinkKind Kind, string Account);

/// <summary>The first batch of a lane that is not done.</summary>
/// <param name="Id">Of the event.</param>
/// <param name="Target">Of the target.</param>
/// <param name="Attempt">How it stands.</param>
/// <param name="Usage">What is sent.</param>
/// <param name="ProtectedCredential">The tenant's own credential as it is kept; null for the installation's.</param>
public sealed record LaneHead(Guid Id, Guid Target, ExportAttempt Attempt, FrozenUsage Usage, string? ProtectedCredential);

/// <summary>Lanes, and what becomes of the batches in them. What is written for a turn that is over changes nothing.</summary>
public interface IExportLanes
{
    /// <summary>Takes lanes with something due that nobody holds, those first that wait longest. They stay taken for as long as the lease unless released.</summary>
    Task<IReadOnlyList<HeldLane>> TakeAsync(long process, int limit, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>The first batch of the lane that is not done; null when there is none.</summary>
    Task<LaneHead?> PeekAsync(HeldLane lane, CancellationToken cancellationToken);

    /// <summary>
    /// Writes that an attempt is about to be made, before it is: whoever finds it later knows that it may have been. Extends the lease.
    /// </summary>
    /// <returns>Whether the lane is still ours and the batch still stood as it was seen.</returns>
    Task<bool> BeginAsync(HeldLane lane, LaneHead head, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Writes what became of the attempt that was begun, or that none will be made.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="head">As it stood when the attempt was made, the attempt counted.</param>
    /// <param name="step">What became of it.</param>
    /// <param name="cancellationToken">Gives up; the outcome is unknown then.</param>
    /// <returns>Whether the lane is still ours.</returns>
    Task<bool> FinishAsync(HeldLane lane, LaneHead head, ExportStep step, CancellationToken cancellationToken);

    /// <summary>Lets go of a lane, which keeps still for that long.</summary>
    Task ReleaseAsync(HeldLane lane, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>How long the oldest batch that is not done has waited; null when there is none.</summary>
    Task<TimeSpan?> OldestUnsentAsync(CancellationToken cancellationToken);
}
