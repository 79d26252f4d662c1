using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Grains.Hosting;

/// <summary>
/// Work that belongs to no turn: on the pool, and outside the execution context of whoever starts it. For what drives sockets
/// and stores; a grain has <see cref="Pumps"/>.
/// </summary>
[SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that leaves a turn; grains may not use it, which their rules test holds.")]
internal static class Background
{
    /// <summary>Starts it.</summary>
    public static Task RunAsync(Func<Task> work)
    {
        using (ExecutionContext.SuppressFlow())
            return Task.Run(work);
    }

    /// <summary>Starts it, for its result.</summary>
    public static Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        using (ExecutionContext.SuppressFlow())
            return Task.Run(work);
    }
}
