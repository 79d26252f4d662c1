using Orchestrator.Grains.Hosting;

namespace Orchestrator.Tests.Support;

/// <summary>The life of a grain that a test calls by itself, without a host.</summary>
internal sealed class OneLife(string key) : IGrainLife
{
    /// <inheritdoc/>
    public string Key => key;

    /// <inheritdoc/>
    public void StayFor(TimeSpan span)
    {
        // Nobody ends it.
    }

    /// <inheritdoc/>
    public void EndWhenIdle()
    {
        // It ends with its test.
    }

    /// <inheritdoc/>
    public IDisposable StartTimer(Func<CancellationToken, Task> turn, TimeSpan due, TimeSpan period) => throw new NotSupportedException("A grain without a host has no timers.");
}
