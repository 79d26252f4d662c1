using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;
using Orchestrator.Simulator.Stripe.Faults;
using FakeOptions = Orchestrator.Simulator.Stripe.StripeOptions;

namespace Orchestrator.Tests.Simulator.Stripe;

/// <summary>Our client and the fake were written apart from each other: here they meet.</summary>
public class OwnClientTests : StripeTest
{
    private static readonly StripeAccess Access = new(new Secret(FakeOptions.DefaultKey));

    [Fact]
    public async Task Whatever_goes_wrong_our_client_brings_every_event_there_once_and_breaks_no_rule()
    {
        using var transport = Transport();
        var client = new StripeMeterEvents(transport);
        Stripe.Faults.Next(
            StripeFaultKind.DropAfterCommit, StripeFaultKind.DropBeforeCommit, StripeFaultKind.ErrorBeforeCommit, StripeFaultKind.Conflict,
            StripeFaultKind.RateLimited, StripeFaultKind.LockTimeout, StripeFaultKind.ErrorAfterCommit);

        foreach (var i in Enumerable.Range(1, 6))
            await SendUntilTakenAsync(client, new("gen_seconds", $"v1:01234567:{i}", "cus_1", 60, Noon));

        Assert.Equal((6, 360), (Stripe.Counts.Accepted, Assert.Single(Stripe.Sums()).Total));
        Assert.Equal((7, 0, 0), (Stripe.Counts.Faults, Stripe.Counts.ConcurrencyConflicts, Stripe.Counts.KeyMismatches));
        Assert.Empty(Stripe.ContractViolations);
        Assert.All(Stripe.Requests.GroupBy(request => request.Identifier), sent => Assert.Single(sent.Select(request => request.BodySha256).Distinct()));
    }

    [Fact]
    public async Task Our_client_cancels_and_reads_summaries_and_reports()
    {
        using var transport = Transport();
        var client = new StripeMeterEvents(transport);
        foreach (var i in Enumerable.Range(1, 3))
            await SendUntilTakenAsync(client, new("gen_seconds", $"gen:{i}", "cus_1", 60 * i, Noon.AddHours(-i)));
        Stripe.Fail("gen:3");

        var cancelled = await client.CancelAsync(Access, StripeMeterEvents.Cancellation("gen_seconds", "gen:1"), "cancel:gen:1", default);
        var hours = await client.SummariesAsync(Access, new(MeterId, "cus_1", Noon.AddHours(-12), Noon.AddHours(12), SummaryWindow.Hour), default);
        var report = await client.ReportAsync(Access, Assert.Single(Stripe.ReportErrors()), default);

        Assert.IsType<StripeOutcome.Accepted>(cancelled);
        Assert.Equal([(Noon.AddHours(-2), 120m)], hours.Value!.Select(hour => (hour.From, hour.Value)));
        Assert.Equal((StripeNotification.MeterErrors, 1), (report.Value!.Type, report.Value.Count));
        Assert.Equal(["gen:3"], report.Value.Identifiers);
        Assert.Empty(Stripe.ContractViolations);
    }

    private HttpClientStripeTransport Transport()
    {
        var options = Microsoft.Extensions.Options.Options.Create(new StripeOptions { BaseAddress = Address });
        return new(options, new StripeKeyRule(Address, testMode: true), TimeProvider.System);
    }

    private static async Task SendUntilTakenAsync(StripeMeterEvents client, MeterEvent meterEvent)
    {
        var (body, keyChanges) = (meterEvent.Freeze(), 0);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var outcome = await client.SendAsync(Access, body, meterEvent.Identifier, keyChanges, default);
            if (outcome is StripeOutcome.Accepted or StripeOutcome.Duplicate)
                return;
            keyChanges += Assert.IsType<StripeOutcome.Retry>(outcome).NewKey ? 1 : 0;
        }

        Assert.Fail($"{meterEvent.Identifier} was not taken in 20 attempts.");
    }
}
