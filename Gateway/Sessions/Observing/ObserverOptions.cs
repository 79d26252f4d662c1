using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>Bounds of watching. Section <c>Observers</c>.</summary>
internal sealed class ObserverOptions
{
    /// <summary>How many may watch one session through this process. Default: 16.</summary>
    [Range(1, 1_000)] public int MaxPerSession { get; init; } = 16;

    /// <summary>How many may watch through this process in all. Default: 2,000.</summary>
    [Range(1, 100_000)] public int MaxInProcess { get; init; } = 2_000;

    /// <summary>How long an observer may take no byte of a message before it is dropped. Default: 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")] public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a session of another process is asked for what is new. Default: 100 milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.02", "00:00:05")] public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest command, in bytes; a frame that steers is in one. Default: 1 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)] public int MaxCommandBytes { get; init; } = 1024 * 1024;
}
