using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>Ourselves on Orleans, beside the Gateway: the same tenants, tokens and echo, and each row a cluster of its own.</summary>
internal static class OrleansPeers
{
    public const string Cohosted = "orleans-cohosted";
    public const string BehindGateway = "orleans-gateway";

    /// <summary>One process that serves clients and hosts grains, as the Gateway does.</summary>
    public static async Task<Peer> StartCohostedAsync(GatewayUnderTest gateway)
    {
        var silo = await SiloProgram.StartAsync("bench-cohosted", "silo+gateway", gateway.Settings);
        return new Peer(Cohosted, gateway.SessionAt(silo.Port, "sim-echo"), silo.Process);
    }

    /// <summary>One process that serves clients, and behind it one that hosts the grains and holds the sockets to the provider.</summary>
    public static async Task<Peer> StartBehindGatewayAsync(GatewayUnderTest gateway)
    {
        var silo = await SiloProgram.StartAsync("bench-gateway", "silo", gateway.Settings);
        try
        {
            var edge = await SiloProgram.StartAsync("bench-gateway", "gateway", gateway.Settings);
            return new Peer(BehindGateway, gateway.SessionAt(edge.Port, "sim-echo"), edge.Process, silo.Process);
        }
        catch
        {
            await silo.Process.DisposeAsync();
            throw;
        }
    }
}
