using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Sinks;
using Orchestrator.Grains.Billing.Export.Webhooks;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Processes;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;
using StripeOptions = Orchestrator.Grains.Billing.Stripe.StripeOptions;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>A tenant whose seconds go to a customer of the fake Stripe.</summary>
internal sealed record Exported(Customer Tenant, Guid Target, string Customer, LiveGeneration Run)
{
    /// <summary>How far its run was recorded.</summary>
    public long RecordedMs { get; set; }
}

/// <summary>Books, a fake Stripe and pumps between them. Time passes where the rows are: what happened is moved into the past.</summary>
public sealed class ExportWorld : IAsyncLifetime, IAsyncDisposable
{
    /// <summary>The name of the events, and the meter behind it.</summary>
    internal const string EventName = "gen_seconds";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private HttpClientStripeTransport _transport = null!;
    private IOptions<StripeOptions> _stripe = null!;
    private ProviderSimulator _simulator = null!;
    private long _process;
    private int _customers;

    internal TestDatabase Database { get; } = new();

    internal FakeStripe Stripe => _simulator.Stripe;

    internal StripeSink Sink { get; private set; } = null!;

    /// <summary>Requests of our own client, for whoever asks Stripe beside the pump.</summary>
    internal StripeMeterEvents Client => new(_transport);

    internal IOptions<StripeOptions> StripeSettings => _stripe;

    internal Uri StripeAddress => _simulator.Address;

    internal ExportOptions Options { get; } = new() { Window = TimeSpan.FromMilliseconds(100), RequestsPerSecond = 10_000, RequestTimeout = TimeSpan.FromSeconds(10) };

    internal IExportReissue Reissue => new ExportReissueStore(Database.Database);

    public async Task InitializeAsync()
    {
        await Database.InitializeAsync();
        _process = await Database.AddProcessAsync();
        _simulator = await ProviderSimulator.StartAsync();
        Stripe.AddMeter(EventName);
        var options = Microsoft.Extensions.Options.Options.Create(new StripeOptions
        {
            BaseAddress = _simulator.Address, ApiKey = new Secret("sk_test_simulator"), TestMode = true,
        });
        var rule = new StripeKeyRule(_simulator.Address, testMode: true);
        _transport = new HttpClientStripeTransport(options, rule, TimeProvider.System);
        Sink = new StripeSink(new StripeMeterEvents(_transport), rule, options);
        _stripe = options;
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _transport?.Dispose();
        if (_simulator is not null)
            await _simulator.DisposeAsync();
        await Database.DisposeAsync();
        await _services.DisposeAsync();
    }

    /// <summary>A pump as another process has it.</summary>
    internal ExportPump Pump(IUsageSink? sink = null, ExportOptions? options = null, int maxRows = 10_000)
    {
        var metrics = new ExportMetrics(_services.GetRequiredService<IMeterFactory>());
        var (sinks, given) = (new UsageSinks([sink ?? Sink]), Microsoft.Extensions.Options.Options.Create(options ?? Options));
        var lanes = new ExportLaneStore(Database.Database);
        var lease = new ProcessLease(new ProcessStore(Database.Database), new SessionRegistry(), TimeProvider.System);
        var batcher = new ExportBatcher(
            new ExportFreezeStore(Database.Database) { MaxRows = maxRows }, Reissue, sinks, given, metrics, TimeProvider.System, NullLogger<ExportBatcher>.Instance);
        var sender = new ExportSender(lanes, sinks, new OpenBox(), lease, given, metrics, TimeProvider.System, NullLogger<ExportSender>.Instance);
        return new ExportPump(batcher, sender, lanes, metrics, NullLogger<ExportPump>.Instance);
    }

    /// <summary>Who acts on what Stripe tells.</summary>
    internal ErrorReports Reports() => new(
        new WebhookInboxStore(Database.Database), Reissue, new StripeMeterEvents(_transport), _stripe, new ExportMetrics(_services.GetRequiredService<IMeterFactory>()),
        NullLogger<ErrorReports>.Instance);

    /// <summary>A tenant, or one below another, whose usage from now on is exported.</summary>
    internal async Task<Exported> AddExportedAsync(string? customer = null, IUsageSink? sink = null, SinkAddress? address = null, Price? price = null)
    {
        var tenant = await Database.AddCustomerAsync(price: price);
        customer ??= $"cus_{Interlocked.Increment(ref _customers)}";
        Stripe.AddCustomer(customer);
        var run = await Database.AddGenerationAsync(_process, tenant);
        var target = await AddTargetAsync(tenant, customer, sink, address);
        return new Exported(tenant, target, customer, run);
    }

    /// <summary>A target of a tenant.</summary>
    internal Task<Guid> AddTargetAsync(Customer tenant, string customer, IUsageSink? sink = null, SinkAddress? address = null) =>
        new ExportTargetAdmin(Database.Database, new OpenBox(), new UsageSinks([sink ?? Sink]), TimeProvider.System).AddAsync(
            new NewExportTarget((sink ?? Sink).Kind, (address ?? new SinkAddress(tenant.Id, EventName, customer)) with { Tenant = tenant.Id }), CancellationToken.None);

    /// <summary>A run of a tenant.</summary>
    internal Task<LiveGeneration> AddRunAsync(Customer tenant) => Database.AddGenerationAsync(_process, tenant);

    /// <summary>A session of a tenant, which may use tokens.</summary>
    internal Task<SessionOwnership> AddSessionAsync(Customer tenant) => Database.AddSessionAsync(_process, tenant);

    /// <summary>What responses used, as a session's process records it.</summary>
    internal Task UseAsync(params IReadOnlyList<TokensUsed> used) => Database.JournalAsync(_process, [.. used]);

    /// <summary>Another row of the ledger.</summary>
    internal async Task RecordAsync(Exported exported, long milliseconds)
    {
        await RecordAsync(exported.Tenant, exported.Run, exported.RecordedMs, exported.RecordedMs + milliseconds);
        exported.RecordedMs += milliseconds;
    }

    /// <summary>A row of the ledger as a settlement appends it.</summary>
    internal Task RecordAsync(Customer tenant, LiveGeneration run, long fromMs, long toMs) => Database.ExecuteAsync("""
        WITH marked AS (UPDATE generation SET mark_ms = $3 + 1, ledgered_ms = $3 WHERE id = $1)
        INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms) VALUES ($1, $4, $2, $3)
        """, run.Id!, fromMs, toMs, tenant.Id.Value);

    /// <summary>Waits go by, and leases lapse. For when no pump is under way.</summary>
    internal Task PassAsync(TimeSpan time) => Database.ExecuteAsync($"""
        UPDATE export_lane SET held_until = held_until - interval '{time.TotalSeconds} s', blocked_until = blocked_until - interval '{time.TotalSeconds} s';
        UPDATE export_target SET frozen_at = frozen_at - interval '{time.TotalSeconds} s';
        UPDATE export_event SET first_attempt_at = first_attempt_at - interval '{time.TotalSeconds} s', unknown_since = unknown_since - interval '{time.TotalSeconds} s',
          sent_at = sent_at - interval '{time.TotalSeconds} s', created_at = created_at - interval '{time.TotalSeconds} s'
        """);

    /// <summary>Pumps until everything recorded is in a batch and no batch waits any more.</summary>
    internal Task SettleDownAsync(ExportPump pump) => Eventually.IsAsync("all that was recorded is exported", async () =>
    {
        await PassAsync(TimeSpan.FromHours(2) / 10);
        await pump.RunAsync(CancellationToken.None);
        return await Database.ReadAsync<bool>("""
            SELECT NOT EXISTS (SELECT FROM export_event WHERE state IN ('pending', 'sending', 'cancelling') OR reissue)
              AND NOT EXISTS (
                SELECT FROM export_target t JOIN export_lane l ON l.id = t.lane_id JOIN ledger_charge c ON l.unit = 'seconds' AND c.payer_id = t.tenant_id
                WHERE c.recorded_at >= t.active_from AND (t.retired_at IS NULL OR c.recorded_at < t.retired_at)
                  AND NOT EXISTS (SELECT FROM export_item i WHERE i.target_id = t.id AND i.ledger_id = c.ledger_id))
            """);
    }, TimeSpan.FromSeconds(40));

    /// <summary>What the sink would invoice that customer.</summary>
    internal decimal InvoicedTo(string customer) => Stripe.Sums().Where(sum => sum.Customer == customer).Sum(sum => sum.Total);

    /// <summary>States of a target's batches, in order.</summary>
    internal Task<IReadOnlyList<string>> StatesAsync(Guid target) => Database.ListAsync<string>("SELECT state FROM export_event WHERE target_id = $1 ORDER BY seq", target);

    /// <summary>Stores secrets as they are.</summary>
    private sealed class OpenBox : ISecretBox
    {
        public string Protect(Secret secret) => secret.Reveal();

        public Secret? Unprotect(string stored) => new(stored);
    }
}
