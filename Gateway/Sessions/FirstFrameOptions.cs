using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Gateway.Sessions;

/// <summary>
/// What clients may cost whose dialect puts the credential in their first frame, until that has come. Section <c>FirstFrame</c>; a
/// wrong value stops the program at its start.
/// </summary>
public sealed class FirstFrameOptions
{
    /// <summary>How long the frame may take. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How large it may be, in bytes. Default: 4 KiB.</summary>
    [Range(256, 64 * 1024)] public int MaxBytes { get; init; } = 4 * 1024;

    /// <summary>How many of one address may wait at once. Default: 8.</summary>
    [Range(1, 10_000)] public int SocketsPerAddress { get; init; } = 8;

    /// <summary>How many may wait at once in this process. Default: 2,000.</summary>
    [Range(1, 1_000_000)] public int Sockets { get; init; } = 2_000;
}
