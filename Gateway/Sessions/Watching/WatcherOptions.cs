using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orchestrator.Gateway.Sessions.Watching;

/// <summary>Bounds of watching at the provider. Section <c>Watchers</c>; a wrong value stops the program at its start.</summary>
internal sealed class WatcherOptions
{
    /// <summary>How many may watch one session through this process. Default: 8.</summary>
    [Range(1, 1_000)] public int MaxPerSession { get; init; } = 8;

    /// <summary>How many may watch through this process in all. Default: 500.</summary>
    [Range(1, 100_000)] public int MaxInProcess { get; init; } = 500;

    /// <summary>For how long one that was let into a room counts, since it is not seen there. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")] public TimeSpan RoomInterval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How many watch through this process, by session, within bounds.</summary>
internal sealed class WatcherPlaces(IOptions<WatcherOptions> options) : SessionPlaces(options.Value.MaxPerSession, options.Value.MaxInProcess);
