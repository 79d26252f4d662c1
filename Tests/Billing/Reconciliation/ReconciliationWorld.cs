using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Billing.Reconciliation;
using Orchestrator.Tests.Billing.Export;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;
using StripeOptions = Orchestrator.Simulator.Stripe.StripeOptions;

namespace Orchestrator.Tests.Billing.Reconciliation;

/// <summary>A tenant whose seconds go to a customer of the fake Stripe.</summary>
internal sealed record Billed(Customer Tenant, Guid Target, string Customer);

/// <summary>A batch that the fake Stripe has.</summary>
internal sealed record Sent(Guid Id, string Identifier, string Customer, long Value, DateTimeOffset At, Guid Session);

/// <summary>Weeks of usage in the books and at the fake Stripe, and someone who compares them.</summary>
public sealed class ReconciliationWorld : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private int _others;

    internal ExportWorld Export { get; } = new();

    internal TestDatabase Database => Export.Database;

    internal FakeStripe Stripe => Export.Stripe;

    internal string Meter { get; private set; } = "";

    /// <summary>The instant of the world's start, in whole minutes.</summary>
    internal DateTimeOffset Now { get; } = new(TimeProvider.System.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);

    public async Task InitializeAsync()
    {
        await Export.InitializeAsync();
        Meter = Stripe.AddMeter(ExportWorld.EventName);
    }

    public async Task DisposeAsync()
    {
        await Export.DisposeAsync();
        await _services.DisposeAsync();
    }

    /// <summary>Who compares.</summary>
    internal Reconciler Reconciler(ReconciliationOptions? options = null)
    {
        var given = Microsoft.Extensions.Options.Options.Create(options ?? new ReconciliationOptions());
        var store = new ReconciliationStore(Database.Database);
        var count = new StripeCount(Export.Client, Export.StripeSettings, TimeProvider.System);
        return new Reconciler(
            store, new MeterReconciler(store, [count], new NoBox(), given), new Corrector(new ReconciliationCorrections(Database.Database)), given,
            new ReconciliationMetrics(_services.GetRequiredService<IMeterFactory>()), NullLogger<Reconciler>.Instance);
    }

    /// <summary>Compares, and corrects if that is ordered.</summary>
    internal async Task<ReconciliationReport> ReconcileAsync(CorrectionOrder? correction = null) => Assert.IsType<ReconciliationReport>(
        await Reconciler().RunAsync(new ReconciliationOrder(ReconciliationCause.Command) { Correction = correction }, CancellationToken.None));

    /// <summary>A tenant with a target that has been there for weeks.</summary>
    internal async Task<Billed> AddBilledAsync(string customer)
    {
        Stripe.AddCustomer(customer);
        var tenant = await Database.AddCustomerAsync();
        var admin = new ExportTargetAdmin(Database.Database, new NoBox(), new UsageSinks([Export.Sink]), TimeProvider.System);
        var target = await admin.AddAsync(
            new NewExportTarget(SinkKind.Stripe, new SinkAddress(tenant.Id, ExportWorld.EventName, customer)) { MeterId = Meter, ActiveFrom = Now.AddDays(-34) },
            CancellationToken.None);
        return new Billed(tenant, target, customer);
    }

    /// <summary>A session that ended then with so many seconds, as the journal would have written it.</summary>
    internal async Task<long> RecordAsync(Customer tenant, DateTimeOffset at, long seconds, string closeReason = "completed", long? claimedMs = null, string? upstream = null)
    {
        var run = await Export.AddRunAsync(tenant);
        await Database.ExecuteAsync("""
            WITH run AS (
              UPDATE generation SET mark_ms = $2, ledgered_ms = $2, settled_ms = $2, started_at = $3 - interval '1 s', closed_at = $3, settled_at = $3, close_reason = $5,
                claimed_ms = nullif($6, 0), upstream_session_id = $7
              WHERE id = $1 RETURNING session_id
            ), ended AS (
              UPDATE session s SET phase = 'ended', generated_ms = $2, close_code = 1000, close_reason = $5, ended_at = $3 FROM run WHERE s.id = run.session_id
            )
            INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms, recorded_at) VALUES ($1, $4, 0, $2, $3)
            """, run.Id!, seconds * 1000, at.UtcDateTime, tenant.Id.Value, closeReason, claimedMs ?? 0, upstream ?? $"upstream {run.Id}");
        await Database.ExecuteAsync("""
            UPDATE wallet w SET settled_micros = w.settled_micros + c.micros FROM ledger_charge c JOIN generation g ON g.id = c.generation_id
            WHERE c.generation_id = $1 AND c.payer_id = ANY (g.payers) AND w.tenant_id = c.payer_id
            """, run.Id!);
        return run.Id!.Value;
    }

    /// <summary>Exports everything, so long ago that the sink shows it.</summary>
    internal async Task ExportAsync(TimeSpan? sentFor = null)
    {
        await Export.SettleDownAsync(Export.Pump());
        await Database.ExecuteAsync(
            "UPDATE export_event SET sent_at = clock_timestamp() - $1, created_at = clock_timestamp() - $1 WHERE state = 'sent'", sentFor ?? TimeSpan.FromDays(2));
    }

    /// <summary>All batches that the sink has, with the session that each comes from.</summary>
    internal async Task<IReadOnlyList<Sent>> SentAsync()
    {
        await using var command = Database.Owner.CreateCommand("""
            SELECT e.id, e.identifier, l.customer, e.value, e.at, (SELECT g.session_id FROM export_item i JOIN usage_ledger u ON u.id = i.ledger_id
              JOIN generation g ON g.id = u.generation_id WHERE i.export_event_id = e.id LIMIT 1)
            FROM export_event e JOIN export_lane l ON l.id = e.lane_id WHERE e.state = 'sent' ORDER BY e.seq
            """);
        await using var reader = await command.ExecuteReaderAsync();
        var sent = new List<Sent>();
        while (await reader.ReadAsync())
            sent.Add(new Sent(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), new DateTimeOffset(reader.GetDateTime(4)), reader.GetGuid(5)));
        return sent;
    }

    /// <summary>Seconds that reach the meter past our books.</summary>
    internal async Task CountAsync(string customer, long seconds, DateTimeOffset at)
    {
        var stray = new MeterEvent(ExportWorld.EventName, $"stray:{Interlocked.Increment(ref _others)}", customer, seconds, at);
        Assert.IsType<StripeOutcome.Accepted>(await Export.Client.SendAsync(new StripeAccess(new Secret(StripeOptions.DefaultKey)), stray.Freeze(), stray.Identifier, 0, default));
    }

    /// <summary>Every row of every table, by the transaction that wrote it.</summary>
    internal async Task<string> FingerprintAsync()
    {
        var tables = await Database.ListAsync<string>("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1");
        var prints = new List<string>();
        foreach (var table in tables)
            prints.Add(table + await Database.ReadAsync<string>(
                $"SELECT count(*) || ' ' || coalesce(md5(string_agg(ctid::text || xmin::text || xmax::text, ',' ORDER BY ctid)), '') FROM {table}"));
        return string.Join('\n', prints);
    }

    private sealed class NoBox : ISecretBox
    {
        public string Protect(Secret secret) => secret.Reveal();

        public Secret? Unprotect(string stored) => new(stored);
    }
}
