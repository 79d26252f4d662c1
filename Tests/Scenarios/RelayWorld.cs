using System.Security.Cryptography;
using Orchestrator.Simulator;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world in which a slow peer is felt after kilobytes, and given up after seconds.</summary>
public class RelayWorld : FaultWorld
{
    /// <inheritdoc/>
    protected override SimulatorOptions ProviderOptions => new()
    {
        ApiKey = "dct_" + Convert.ToHexString(RandomNumberGenerator.GetBytes(16)),
        SocketBufferBytes = 128 * 1024,
        MaxReceivedFrames = 100_000,
        MaxReceivedBytes = 64 * 1024 * 1024,
    };

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Relay:StallTimeout"] = "00:00:03",
        ["Relay:DialTimeout"] = "00:00:15",
        // A client that is told something while it sends megabytes has those to get rid of before it can answer, on a busy machine too.
        ["Relay:CloseTimeout"] = "00:00:05",
    };
}

/// <summary>A world in which a peer that gives no sign of life is gone soon.</summary>
public class QuietWorld : FaultWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Relay:StallTimeout"] = "00:00:01",
        ["Relay:KeepAliveInterval"] = "00:00:00.5",
        ["Relay:KeepAliveTimeout"] = "00:00:03",
    };
}
