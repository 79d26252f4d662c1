using Orchestrator.Simulator.Stripe;

namespace Orchestrator.Simulator;

/// <summary>How a simulator is set up. The defaults suit a test.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The key that is expected unless another is given: a constant, so that examples can name it.</summary>
    public const string DefaultApiKey = "dct_simulator";

    /// <summary>Where it listens, separated by semicolons. Default: a free port on loopback.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:0";

    /// <summary>The only value of <c>api_key</c> that is let in.</summary>
    public string ApiKey { get; init; } = DefaultApiKey;

    /// <summary>How long a provider's second takes in the built-in scripts. Default: one second.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock of paces, waits and truth. A test's patience always runs on the real one.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Size in bytes of the kernel's buffers per socket; null lets the kernel choose, which on loopback means megabytes.
    /// A test of slow readers sets it, so that pushing back begins early.
    /// </summary>
    public int? SocketBufferBytes { get; init; }

    /// <summary>
    /// Whether a send counts as complete once it is in the server's buffer and not only when the kernel has taken it: echoes a
    /// third faster, for load tests; the truth is then dated a moment early, and a drop may lose what was sent before it.
    /// </summary>
    public bool BufferSends { get; init; }

    /// <summary>The largest client message in bytes; a larger one is answered with close 1009. Default: 64 MiB.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many received frames a connection remembers. Default: 1,024.</summary>
    public int MaxReceivedFrames { get; init; } = 1_024;

    /// <summary>How many bytes of received frames a connection remembers beside the newest frame. Default: 1 MiB.</summary>
    public int MaxReceivedBytes { get; init; } = 1024 * 1024;

    /// <summary>How many entries of truth a session keeps. Default: 8,192, which is over two hours of ticks.</summary>
    public int MaxTruthEntries { get; init; } = 8_192;

    /// <summary>How many ended sessions the truth remembers. Default: 16,384.</summary>
    public int MaxEndedSessions { get; init; } = 16_384;

    /// <summary>How many ended connections are remembered with their frames. Default: 256.</summary>
    public int MaxEndedConnections { get; init; } = 256;

    /// <summary>How long the peer may take to answer a close frame before it is cut off, on the real clock. Default: 2 seconds.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The fake Stripe at the same address.</summary>
    public StripeOptions Stripe { get; init; } = new();
}
