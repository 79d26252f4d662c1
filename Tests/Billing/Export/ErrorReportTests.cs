using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>What Stripe finds wrong afterwards, from its notification to the batches.</summary>
public sealed class ErrorReportTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    [Fact]
    public async Task Invariant_23_batches_that_a_report_names_are_failed_and_those_it_does_not_name_are_for_reconciliation()
    {
        world.Stripe.Settings = new StripeSettings { SampleErrors = 2 };
        var exported = await world.AddExportedAsync();
        for (var i = 0; i < 3; i++)
        {
            await world.RecordAsync(exported, 4_000);
            await world.SettleDownAsync(world.Pump());
        }

        foreach (var sent in world.Stripe.Events.Where(sent => sent.Customer == exported.Customer).ToList())
            world.Stripe.Fail(sent.Identifier);
        var inbox = new WebhookInboxStore(world.Database.Database);
        foreach (var report in world.Stripe.ReportErrors())
        {
            Assert.True(await inbox.AddAsync(new StripeNotification(report, StripeNotification.MeterErrors), CancellationToken.None));
            Assert.False(await inbox.AddAsync(new StripeNotification(report, StripeNotification.MeterErrors), CancellationToken.None));
        }

        await world.Reports().RunAsync(CancellationToken.None);
        await world.Reports().RunAsync(CancellationToken.None);

        Assert.Equal(["failed_async", "failed_async", "sent"], (await world.StatesAsync(exported.Target)).Order());
        Assert.Equal(1, await world.Database.ReadAsync<long>("SELECT count(*) FROM reconciliation_request WHERE done_at IS NULL"));
        Assert.Equal(0, await world.Database.ReadAsync<long>("SELECT count(*) FROM webhook_event WHERE due_at IS NOT NULL"));
    }

    [Fact]
    public async Task A_report_about_another_account_fails_nothing_of_ours()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 4_000);
        await world.SettleDownAsync(world.Pump());
        var sent = world.Stripe.Events.Last(sent => sent.Customer == exported.Customer).Identifier;

        Assert.Equal(0, await world.Reissue.FailAsync("acct_another", [sent], "meter_event_customer_not_found", CancellationToken.None));

        Assert.Equal([nameof(ExportState.Sent).ToLowerInvariant()], await world.StatesAsync(exported.Target));
    }
}
