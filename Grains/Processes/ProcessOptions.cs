using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Grains.Processes;

/// <summary>
/// How a process goes. Section <c>Process</c>. What each of the three spans is for stands at <see cref="Drain"/>; whatever
/// ends the process from outside should wait for the sum of them.
/// </summary>
public sealed class ProcessOptions
{
    /// <summary>
    /// How long live sessions are left alone when the process is asked to stop, while new ones are refused. Default: none, so that
    /// Ctrl-C is quick; where another process takes the next connection, minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan DrainGrace { get; init; } = TimeSpan.Zero;

    /// <summary>How long sessions then get to end in order. Default: 4 seconds, of the 5 that a stop may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")] public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long everything else may then take: the last writes, the web server, in a cluster the silo's goodbye. Default: 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:10:00")] public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>From the request to stop until the process is gone, whatever hangs.</summary>
    public TimeSpan StopsWithin => DrainGrace + DrainTimeout + StopTimeout;

    /// <summary>For <c>HostOptions.ShutdownTimeout</c>: when the host stops waiting, a moment before the process is ended anyway.</summary>
    public TimeSpan ShutdownTimeout => StopsWithin - (StopTimeout / 5);
}
