using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;
using Orleans.Placement;

namespace Orchestrator.Tests.Hosting;

/// <summary>The contracts of the checks as Orleans addresses them.</summary>
[Alias("check-turn")]
public interface ITurnActivation : ITurnGrain, IGrainWithStringKey;

/// <inheritdoc cref="ITurnActivation"/>
[Alias("check-life")]
public interface ILifeActivation : ILifeGrain, IGrainWithStringKey;

/// <inheritdoc cref="ITurnActivation"/>
[Alias("check-caller")]
public interface ICallerActivation : ICallerGrain, IGrainWithStringKey;

/// <inheritdoc cref="ITurnActivation"/>
[Alias("check-pump")]
public interface IPumpActivation : IPumpGrain, IGrainWithStringKey;

/// <inheritdoc cref="ITurnActivation"/>
[Alias("check-listener")]
public interface IListenerObserver : IListener, IGrainObserver;

/// <summary>All that Orleans adds to it. Placed by chance, so that of three silos two are not its caller's.</summary>
[RandomPlacement]
public sealed class TurnActivation(IGrainContext context, IGrainLife life, Journals journals) : TurnGrain(life, journals), ITurnActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;
}

/// <summary>All that Orleans adds to it. Placed by chance, so that of three silos two are not its caller's.</summary>
[RandomPlacement]
public sealed class LifeActivation(IGrainContext context, IGrainLife life, Journals journals) : LifeGrain(life, journals), ILifeActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;

    Task IGrainBase.OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => OnDeactivateAsync(reason.Description, token);
}

/// <summary>All that Orleans adds to it. Placed by chance, so that of three silos two are not its caller's.</summary>
[RandomPlacement]
public sealed class CallerActivation(IGrainContext context, IGrainLife life, IGrains grains, Journals journals)
    : CallerGrain(life, grains, journals), ICallerActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;
}

/// <summary>All that Orleans adds to it. Placed by chance, so that of three silos two are not its caller's.</summary>
[RandomPlacement]
public sealed class PumpActivation(IGrainContext context, IGrainLife life, Pumps pumps, Journals journals) : PumpGrain(life, pumps, journals), IPumpActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;

    Task IGrainBase.OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => OnDeactivateAsync(reason.Description, token);
}
