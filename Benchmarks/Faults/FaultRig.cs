using System.Security.Cryptography;
using Npgsql;
using Orchestrator.Benchmarks.Support;
using Orchestrator.Domain.Processes;
using Orchestrator.Grains.Billing;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Storage;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>What one seed runs on: a schema of its own, a provider with its fake Stripe in this process, and gateways in theirs.</summary>
internal sealed class FaultRig : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How long after the database is back a session that went on blind may need to be settled: its question is repeated, and answered.</summary>
    private static readonly TimeSpan BlindAftermath = TimeSpan.FromSeconds(5);

    private readonly OwnPostgres _postgres;
    private readonly BenchSchema _schema;
    private readonly GatewayLife[] _gateways;
    private readonly string _masterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private volatile bool _databaseIsAway;
    private long _backAt;

    private FaultRig(OwnPostgres postgres, BenchSchema schema, ProviderSimulator provider, int gateways)
    {
        (_postgres, _schema, Provider, _gateways) = (postgres, schema, provider, new GatewayLife[gateways]);
        Database = new Database(schema.Application);
    }

    /// <summary>The provider, its truth, and the sink.</summary>
    public ProviderSimulator Provider { get; }

    /// <summary>The books.</summary>
    public Database Database { get; }

    /// <summary>Starts all of it.</summary>
    public static async Task<FaultRig> StartAsync(OwnPostgres postgres, int seed, int gateways)
    {
        var schema = await BenchSchema.CreateAsync($"faults_{seed}", postgres.Application, postgres.Owner);
        var provider = await ProviderSimulator.StartAsync(new SimulatorOptions { MaxTruthEntries = 2_048, MaxEndedSessions = 500_000, MaxEndedConnections = 16 });
        FaultScripts.Play(provider);
        provider.Stripe.Faults.Seed(seed);
        var rig = new FaultRig(postgres, schema, provider, gateways);
        for (var i = 0; i < gateways; i++)
            rig._gateways[i] = await rig.StartGatewayAsync(skewSeconds: 0);
        return rig;
    }

    /// <summary>Some gateway, as clients know them.</summary>
#pragma warning disable CA5394 // Dice of a test.
    public GatewayLife Pick(Random random) => _gateways[random.Next(_gateways.Length)];
#pragma warning restore CA5394

    /// <summary>Lets something go wrong; done when it is over, or when what was killed is back.</summary>
    public Task InjectAsync(Fault fault) => fault.Kind switch
    {
        FaultKind.KillGateway             => KillAsync(fault),
        FaultKind.CrashDatabase           => CrashAsync(fault, () => Task.CompletedTask),
        FaultKind.KillWhileDatabaseIsAway => CrashAsync(fault, () => _gateways[fault.Gateway].KillAsync(fault, whileDatabaseIsAway: true, mayHaveBeenBlind: true)),
        FaultKind.SinkFaults              => DisturbSinkAsync(fault),
        _                                 => throw new InvalidOperationException($"Nobody injects {fault.Kind}."),
    };

    /// <summary>Waits until every gateway has flushed since the database was last away.</summary>
    public async Task WhenReadyAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        foreach (var gateway in _gateways.Where(gateway => gateway.KilledAt is null))
        {
            while (!await gateway.IsReadyAsync(_http))
            {
                if (TimeProvider.System.GetElapsedTime(since) > Patience)
                    throw new TimeoutException($"A gateway did not become ready again. It said:\n{gateway.LastWords}");
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways.Where(gateway => gateway is not null))
            await gateway.DisposeAsync();
        await Provider.DisposeAsync();
        await Database.DisposeAsync();
        _http.Dispose();
        NpgsqlConnection.ClearAllPools();
        await _schema.DisposeAsync();
    }

    private async Task KillAsync(Fault fault)
    {
        await _gateways[fault.Gateway].KillAsync(fault, _databaseIsAway, _databaseIsAway || TimeProvider.System.GetElapsedTime(_backAt) < BlindAftermath);
        _gateways[fault.Gateway] = await StartGatewayAsync(fault.SkewSeconds);
    }

    private async Task CrashAsync(Fault fault, Func<Task> meanwhile)
    {
        _databaseIsAway = true;
        await _postgres.CrashAsync();
        await meanwhile();
        await Task.Delay(fault.Lasts, TimeProvider.System);
        await _postgres.GoOnAsync();
        Database.Source.Clear();
        if (_gateways[fault.Gateway].KilledAt is not null)
            _gateways[fault.Gateway] = await StartGatewayAsync(fault.SkewSeconds);
        await WhenFlushedAsync();
        (_databaseIsAway, _backAt) = (false, TimeProvider.System.GetTimestamp());
    }

    /// <summary>
    /// Waits until every gateway has renewed its lease twice since the database came back: each renewal is a flush, and the second has
    /// the marks of runs whose rows could not be written before.
    /// </summary>
    private async Task WhenFlushedAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        // Connections of its own: those in the pool may be of before the crash.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_schema.Application) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var clock = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var back = (DateTime)(await clock.ExecuteScalarAsync())!;
        var names = _gateways.Where(gateway => gateway.KilledAt is null).Select(gateway => gateway.Name).ToArray();
        while (true)
        {
            await using var renewed = new NpgsqlCommand(
                "SELECT count(DISTINCT name) FROM process WHERE name = ANY($1) AND dead_at IS NULL AND lease_until > $2", connection);
            renewed.Parameters.Add(new() { Value = names });
            renewed.Parameters.Add(new() { Value = back + LeaseRule.Duration + MarkFlusher.Interval });
            if ((long)(await renewed.ExecuteScalarAsync())! == names.Length)
                return;
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
                throw new TimeoutException("A gateway did not flush again after the database was back.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private async Task DisturbSinkAsync(Fault fault)
    {
        foreach (var kind in new[]
        {
            StripeFaultKind.DropBeforeCommit, StripeFaultKind.DropAfterCommit, StripeFaultKind.ErrorBeforeCommit, StripeFaultKind.ErrorAfterCommit,
            StripeFaultKind.Conflict, StripeFaultKind.RateLimited, StripeFaultKind.LockTimeout,
        })
        {
            Provider.Stripe.Faults.Add(new StripeFaultRule(
                new StripeFault(kind, RetryAfter: kind is StripeFaultKind.RateLimited ? 1 : null), Count: null, Probability: 0.1));
        }

        await Task.Delay(fault.Lasts, TimeProvider.System);
        Provider.Stripe.Faults.Clear();
    }

    private async Task<GatewayLife> StartGatewayAsync(int skewSeconds)
    {
        var port = Ports.Free();
        var process = ChildProcess.StartOwn(
            "Orchestrator.Benchmarks.dll", ["gateway", "--urls", $"http://127.0.0.1:{port}", "--skew-seconds", $"{skewSeconds}"], new Dictionary<string, string>
            {
                ["DOTNET_ENVIRONMENT"] = "Staging",
                ["ConnectionStrings__Orchestrator"] = _schema.Application,
                ["ConnectionStrings__OrchestratorOwner"] = "",
                ["MasterKey"] = _masterKey,
                ["Providers__simulator__Endpoint"] = new Uri(Provider.WebSocketAddress, "/v1/stream").ToString(),
                ["Providers__simulator__ApiKey"] = Provider.ApiKey,
                ["Providers__simulator__Models__0"] = "flt-*",
                ["Stripe__BaseAddress"] = Provider.Address.ToString(),
                ["Stripe__ApiKey"] = Simulator.Stripe.StripeOptions.DefaultKey,
                ["Stripe__Timeout"] = "00:00:02",
                ["Export__Window"] = "00:00:03",
                ["Export__RequestTimeout"] = "00:00:03",
                ["Export__LaneLease"] = "00:00:07",
            });
        await process.WhenListeningAsync(port);
        return new GatewayLife(process, port);
    }
}
