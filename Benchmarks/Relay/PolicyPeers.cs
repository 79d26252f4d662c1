namespace Orchestrator.Benchmarks.Relay;

/// <summary>The Gateway itself again, for tenants with a policy: what it costs to have one, and what it costs to be held to it.</summary>
internal static class PolicyPeers
{
    public const string Idle = "policy-idle";
    public const string Checked = "policy-checked";

    /// <summary>Both rows.</summary>
    public static readonly IReadOnlyList<string> Names = [Idle, Checked];

    /// <summary>Rules of each kind, of which none names what the clients send.</summary>
    private const string NamesNothing = """
        {"policy":{"client":{"denied":["livekit_join"]},"locked":[{"type":"session.update","path":"session.instructions"}],
          "texts":[{"type":"set_image","path":"prompt","maxCharacters":500}],"images":[{"maxBytes":1000000,"formats":["png","jpeg"]}],
          "rates":[{"type":"set_image","count":5,"perMs":60000}]}}
        """;

    /// <summary>Every message is parsed and checked, and the type of every message that comes back is looked up.</summary>
    private const string ChecksAll = """
        {"policy":{"client":{"allowed":["prompt","set_image","offer"]},"upstream":{"denied":["turn_config"]},"locked":[{"type":"prompt","path":"options.model"}],
          "texts":[{"maxCharacters":500}],"rates":[{"type":"prompt","count":10000,"perMs":100}]}}
        """;

    /// <summary>Adds a tenant with such a policy. The process is the Gateway's.</summary>
    public static async Task<Peer> StartAsync(string name, GatewayUnderTest gateway) =>
        new(name, await gateway.SessionUnderAsync(name == Idle ? NamesNothing : ChecksAll, "sim-echo"), gateway.Process);
}
