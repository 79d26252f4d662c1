namespace Orchestrator.Grains.Providers;

/// <summary>
/// Upstreams that do not end with the socket to them, such as calls that are hung up by request: a process that stops waits until those of its
/// sessions have.
/// </summary>
public interface ILingeringUpstreams
{
    /// <summary>Done when none that this process opened goes on, as far as it can tell. Never fails.</summary>
    Task WhenEndedAsync();
}
