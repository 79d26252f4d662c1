using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>Bounds of a relay. Section <c>Relay</c>; a wrong value stops the program at its start.</summary>
public sealed class RelayOptions : IValidatableObject
{
    /// <summary>The largest message from either side, in bytes. Default: 16 MiB.</summary>
    [Range(64 * 1024, 256 * 1024 * 1024)] public int MaxMessageBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How much waits for the upstream, before and after it opens, until the client is not read any more. Default: 256 KiB.</summary>
    [Range(4 * 1024, 64 * 1024 * 1024)] public int ClientReadAheadBytes { get; init; } = 256 * 1024;

    /// <summary>How far the upstream is read ahead of a slow client, so that its ticks still count. Default: 1 MiB.</summary>
    [Range(4 * 1024, 64 * 1024 * 1024)] public int UpstreamReadAheadBytes { get; init; } = 1024 * 1024;

    /// <summary>What all relays of the process may hold together; beyond it reading stops. Default: 512 MiB.</summary>
    [Range(32L * 1024 * 1024, long.MaxValue)] public long InFlightBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>How long a socket may take no bytes before its session ends. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the provider may take to accept a dial. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")] public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer gets to answer a close frame. Default: 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:10")] public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long nothing may travel while nothing is generated. Default: 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the node may take to become ready, the provider's queue included. Default: 15 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long an open generation's counter may stand still before the session is shown as stalled. Default: 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan TickTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which a socket is asked for a sign of life. Default: 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:10:00")] public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long that sign may take before the peer counts as vanished. Default: 20 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:10:00")] public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What all links to other processes may hold in this one before each is granted a batch at a time. Default: 128 MiB.</summary>
    [Range(1024L * 1024, long.MaxValue)] public long LinkBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>What is kept of the last frames of a session, for those who watch it, in bytes. Default: 64 KiB.</summary>
    [Range(4 * 1024, 16 * 1024 * 1024)] public int RingBytes { get; init; } = 64 * 1024;

    /// <summary>What is kept of the last frames of all sessions of the process. Default: 256 MiB.</summary>
    [Range(1024L * 1024, long.MaxValue)] public long RingsBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Serves clients through a link even where their sessions are in this process; for tests of the link. Default: no.</summary>
    public bool Linked { get; init; }

    /// <summary>How many sessions this process takes at once. Default: 20,000.</summary>
    [Range(1, 1_000_000)] public int MaxSessions { get; init; } = 20_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (InFlightBytes < 2L * MaxMessageBytes)
            yield return new("Relay:InFlightBytes must be at least twice Relay:MaxMessageBytes, or one large message stops everybody else.");
        if (KeepAliveTimeout < StallTimeout)
            yield return new("Relay:KeepAliveTimeout must not be below Relay:StallTimeout, or a peer that is merely not read counts as vanished.");
    }
}
