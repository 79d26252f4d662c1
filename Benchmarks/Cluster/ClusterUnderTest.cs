using Npgsql;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Cluster;

/// <summary>So many silos that serve clients, as one cluster over a schema of its own, and the tenants of its load.</summary>
internal sealed class ClusterUnderTest : IAsyncDisposable
{
    // Of each five sessions, as in the ledger's benchmark: four live on holds of two wallets, one has no wallet.
    private const int Mix = 5;

    private readonly BenchSchema _schema;
    private readonly IReadOnlyList<SiloProcess> _silos;
    private readonly ClusterTokens _tokens;

    private ClusterUnderTest(BenchSchema schema, IReadOnlyList<SiloProcess> silos, ClusterTokens tokens) => (_schema, _silos, _tokens) = (schema, silos, tokens);

    /// <summary>How many silos it has.</summary>
    public int Size => _silos.Count;

    /// <summary>Processor time that its silos have used.</summary>
    public double ProcessorSeconds => _silos.Sum(silo =>
        ProcessTimes.Of(silo.Process.Id)?.Own ?? throw new InvalidOperationException($"A silo of {Size} ended:\n{silo.Process.LastWords}"));

    /// <summary>Starts it; done when every silo is ready.</summary>
    public static async Task<ClusterUnderTest> StartAsync(int size, ProviderProcess provider)
    {
        var schema = await BenchSchema.CreateAsync($"cluster_{size}");
        List<SiloProcess> silos = [];
        try
        {
            var keys = await ClusterTenants.MakeAsync(schema);
            for (var i = 0; i < size; i++)
                silos.Add(await SiloProgram.StartAsync($"bench-{size}", "silo+gateway", provider.SettingsFor(schema)));
            return new ClusterUnderTest(schema, silos, await keys.MintAsync(silos[0].Port));
        }
        catch
        {
            await StopAsync(silos, schema);
            throw;
        }
    }

    /// <summary>Where the sessions of the load are opened: in turn at each silo, and at each in the same mix of tenants.</summary>
    public IReadOnlyList<Uri> Sessions(int count) => [.. Enumerable.Range(0, count).Select(session =>
        ProviderProcess.Session(_silos[session % Size].Port, session / Size % Mix == 0 ? _tokens.Plain : _tokens.Prepaid, "sim-echo"))];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(_silos, _schema);

    private static async Task StopAsync(IEnumerable<SiloProcess> silos, BenchSchema schema)
    {
        foreach (var silo in silos)
            await silo.Process.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
        await schema.DisposeAsync();
    }
}
