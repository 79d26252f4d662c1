using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orchestrator.Gateway;
using Orchestrator.Gateway.Telemetry;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A real gateway whose metrics go to a listener of the test's.</summary>
public class TelemetryScenarios(TelemetryScenarios.Measured world) : IClassFixture<TelemetryScenarios.Measured>
{
    private const string CollectorSecret = "c0llector-s3cret";

    [Fact]
    public async Task What_it_measures_arrives_and_says_neither_where_nor_whose()
    {
        var reseller = await world.NewTenantAsync();
        var token = await world.MintAsync(reseller.Key);
        foreach (var credential in new[] { reseller.Key, token, "ork_" + new string('n', 43) })
        {
            await using var client = await world.ConnectAsync(credential, "sim-demo", world.NewAddress());
            if (client.Session is null)
            {
                await client.FarewellAsync();
                continue;
            }

            await client.OfferAsync();
            await client.TicksAsync(2);
            await client.CloseAsync();
            await world.EndOfAsync(reseller, client.Session);
        }

        string[] expected =
        [
            "orchestrator.sessions.opened", "orchestrator.sessions.ended", "orchestrator.sessions.refused", "orchestrator.billing.marks",
            "orchestrator.billing.flush.duration", "http.server.request.duration", "kestrel.connection.duration",
            "/v1/sessions/{", "dotnet.gc.collections", "db.client.", "service.instance.id", "service.name", "orchestrator-of-the-test",
        ];
        await Eventually.SeesAsync(
            "nothing that was to be exported is missing",
            () => Task.FromResult(string.Join(", ", expected.Where(name => !world.Collector.Text.Contains(name, StringComparison.Ordinal)))), missing => missing.Length == 0);

        var text = world.Collector.Text;
        Assert.Equal(["/v1/metrics"], world.Collector.Paths);
        Assert.Equal([$"Bearer {CollectorSecret}"], world.Collector.Authorizations);
        var database = new NpgsqlConnectionStringBuilder(world.Database.ConnectionString);
        string[] unwanted =
        [
            reseller.Key, token, world.Provider.ApiKey, world.MasterKey, CollectorSecret, database.Password!, "Username=",
            world.Database.Schema, "127.0.0.1", "198.51.100.", $"{reseller.Id}", "api_key",
        ];
        Assert.All(unwanted, secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_collector_that_is_away_holds_up_neither_sessions_nor_the_end()
    {
        var gateway = await world.StartGatewayAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"));
        var reseller = await world.NewTenantAsync();
        var (client, upstream) = await world.OpenAsync(reseller, "test-away", gateway);
        await using var _ = client;
        upstream.Drop();
        await client.FarewellAsync();

        var took = await gateway.TerminateAsync();

        Assert.Equal(0, gateway.ExitCode);
        Assert.True(took < TimeSpan.FromSeconds(5), $"It took {took}.");
    }

    [Fact]
    public void Nothing_is_exported_where_no_collector_is_named()
    {
        var services = new ServiceCollection();

        services.AddTelemetry(With("OTEL_SERVICE_NAME", "somebody"));

        Assert.Empty(services);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/metrics")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://collector")]
    public void An_address_that_is_none_stops_the_start_in_one_sentence(string name, string address)
    {
        var exception = Assert.Throws<StartException>(() => new ServiceCollection().AddTelemetry(With(name, address)));

        Assert.StartsWith($"{name} must be an address", exception.Message, StringComparison.Ordinal);
    }

    private static IConfiguration With(string name, string value) =>
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(name, (string?)value)]).Build();

    /// <summary>Gateways that export every half second.</summary>
    public sealed class Measured : AccessWorld
    {
        /// <summary>Where metrics go.</summary>
        public OtlpListener Collector { get; private set; } = null!;

        protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = $"authorization=Bearer {CollectorSecret}",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_SERVICE_NAME"] = "orchestrator-of-the-test",
        };

        public override async Task InitializeAsync()
        {
            Collector = await OtlpListener.StartAsync();
            await base.InitializeAsync();
        }

        public override async Task DisposeAsync()
        {
            await base.DisposeAsync();
            await Collector.DisposeAsync();
        }
    }
}
