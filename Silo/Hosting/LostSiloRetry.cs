using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Silo.Hosting;

/// <summary>
/// Calls that a lost silo would have had to take are made again until the cluster has noticed its loss. Meanwhile every Nth
/// new grain could not even be addressed, since it is the lost silo that knew where it is: its client would be refused, where it
/// can wait. Methods of the contracts are safe to repeat, so it does not matter how far the first attempt came.
/// </summary>
internal sealed class LostSiloRetry(TimeProvider time) : IOutgoingGrainCallFilter
{
    /// <summary>How long a call may be made again: as long as a loss takes to be noticed, and less than callers wait.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(9);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc/>
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            try
            {
                await context.Invoke();
                return;
            }
            catch (OrleansMessageRejectionException) when (IsOurs(context) && time.GetElapsedTime(since) < Patience)
            {
                await Task.Delay(Pause, time);
            }
        }
    }

    // What silos say to each other is theirs to repeat.
    private static bool IsOurs(IOutgoingGrainCallContext context) =>
        context.InterfaceMethod.DeclaringType is { } contract && contract.IsDefined(typeof(GrainAttribute), inherit: false);
}
