using Orchestrator.Grains.Hosting;

namespace Orchestrator.Silo.Hosting;

/// <summary>What a grain may ask of Orleans; one per activation.</summary>
internal sealed class ActivationLife(IGrainContext context, IGrainRuntime runtime) : IGrainLife
{
    /// <inheritdoc/>
    public string Key => context.GrainId.Key.ToString()!;

    /// <inheritdoc/>
    public void StayFor(TimeSpan span) => runtime.DelayDeactivation(context, span);

    /// <inheritdoc/>
    public void EndWhenIdle() => runtime.DeactivateOnIdle(context);

    /// <inheritdoc/>
    public IDisposable StartTimer(Func<CancellationToken, Task> turn, TimeSpan due, TimeSpan period) => runtime.TimerRegistry.RegisterGrainTimer(
        context, static (turn, token) => turn(token), turn, new GrainTimerCreationOptions(due, period) { Interleave = false, KeepAlive = false });
}
