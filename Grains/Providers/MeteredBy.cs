namespace Orchestrator.Grains.Providers;

/// <summary>Whose clock counts what is generated.</summary>
public enum MeteredBy
{
    /// <summary>The provider's: its ticks raise the mark.</summary>
    Provider,
    /// <summary>Ours, from the provider's answer to the end: it reports nothing.</summary>
    OwnClock,
}
