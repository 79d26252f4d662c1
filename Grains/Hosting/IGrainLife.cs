namespace Orchestrator.Grains.Hosting;

/// <summary>What a grain may ask of its host; a constructor parameter of every grain.</summary>
public interface IGrainLife
{
    /// <summary>The key this grain was called by.</summary>
    string Key { get; }

    /// <summary>
    /// Keeps the grain from being ended for idleness for at least this long from now, whatever was asked before. A host may
    /// still end it for reasons of its own, so what must outlive the instance lives elsewhere.
    /// </summary>
    void StayFor(TimeSpan span);

    /// <summary>Ends the grain as soon as no call waits for it.</summary>
    void EndWhenIdle();

    /// <summary>
    /// Runs <paramref name="turn"/> as a call of its own after <paramref name="due"/> and then every <paramref name="period"/>
    /// counted from the end of the turn before. Disposing, or the grain's end, stops it.
    /// </summary>
    IDisposable StartTimer(Func<CancellationToken, Task> turn, TimeSpan due, TimeSpan period);
}

/// <summary>For grains that do something when they come to life or end.</summary>
public interface IGrainLifecycle
{
    /// <summary>Runs before the first call. When it fails, so do the calls that waited, and the grain does not live.</summary>
    Task OnActivateAsync(CancellationToken cancellationToken);

    /// <summary>Runs after the last call; nothing else of this key runs until it is done.</summary>
    Task OnDeactivateAsync(string reason, CancellationToken cancellationToken);
}
