using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway;
using Orchestrator.Gateway.Commands;

namespace Orchestrator.Tests.Billing.Reconciliation;

/// <summary>The rules, without books.</summary>
public sealed class ComparisonTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly MeterLane A = new(1, "platform", "gen_seconds", "cus_a");
    private static readonly MeterLane B = new(2, "platform", "gen_seconds", "cus_b");

    [Theory]
    [InlineData(10, 0, 10, 0)]
    [InlineData(10, 0, 7, -3)]
    [InlineData(10, 0, 12, 2)]
    [InlineData(10, 5, 12, 0)]
    [InlineData(10, 5, 16, 1)]
    [InlineData(10, 5, 9, -1)]
    public void Invariant_24_a_count_differs_only_beyond_what_may_still_be_on_its_way(long certain, long possible, int counted, int difference) =>
        Assert.Equal(difference, new MeterBucket(Noon, Noon.AddHours(1), certain, possible).Difference(counted));

    [Fact]
    public void Invariant_24_one_mistake_is_not_told_as_two()
    {
        var batch = new SentBatch(Guid.Parse("00000000-0000-0000-0000-000000000001"), 30);

        var customer = MeterMatching.Of([Differs(A, Noon, -30, batch), Differs(B, Noon, 30)]);
        var day = MeterMatching.Of([Differs(A, Noon, -30, batch), Differs(A, Noon.AddDays(-1), 30)]);
        var apart = MeterMatching.Of([Differs(A, Noon, -30, batch), Differs(B, Noon.AddDays(1), 5)]);
        var mixed = MeterMatching.Of([Differs(A, Noon, -30, batch), Differs(B, Noon, 35)]);

        Assert.Equal([(FindingKind.WrongCustomer, 30m)], customer.Select(finding => (finding.Kind, finding.Amount)));
        Assert.Equal([batch.Id], customer[0].Events);
        Assert.Equal([(FindingKind.WrongDay, 30m)], day.Select(finding => (finding.Kind, finding.Amount)));
        Assert.Equal([(FindingKind.Missing, 30m), (FindingKind.Extra, 5m)], apart.Select(finding => (finding.Kind, finding.Amount)));
        Assert.Equal([(FindingKind.WrongCustomer, 30m), (FindingKind.Extra, 5m)], mixed.Select(finding => (finding.Kind, finding.Amount)));
    }

    [Fact]
    public void Invariant_24_a_count_proves_nothing_where_two_choices_of_batches_make_it()
    {
        SentBatch[] unlike = [new(Guid.Parse("00000000-0000-0000-0000-000000000001"), 10), new(Guid.Parse("00000000-0000-0000-0000-000000000002"), 20)];
        SentBatch[] alike = [unlike[0], unlike[1] with { Value = 10 }];

        Assert.Equal([SinkProof.Absent, SinkProof.Present], unlike.Select(batch => SentBatches.Prove(5, unlike, 25)[batch.Id]));
        Assert.All(SentBatches.Prove(5, alike, 25).Values, proof => Assert.Equal(SinkProof.Present, proof));
        Assert.Empty(SentBatches.Prove(5, alike, 15));
        Assert.Empty(SentBatches.Prove(5, unlike, 26));
    }

    [Fact]
    public void Invariant_30_drift_is_measured_for_each_way_that_runs_close()
    {
        var (findings, drift) = InvoiceComparison.Of(
            [new("a", 60_000), new("b", 12_500), new("c", 7_000), new("d", 3_000), new("e", 10_400)],
            [Recorded("a", "completed", 60_000), Recorded("b", "owner_lost", 10_000), Recorded("c", "completed", 9_000), Recorded("e", "owner_lost", 10_000)],
            TimeSpan.FromSeconds(1));

        Assert.Equal(
            [(FindingKind.InvoiceAbove, 2.5m), (FindingKind.InvoiceBelow, 2m), (FindingKind.InvoiceUnknown, 3m)],
            findings.Select(finding => (finding.Kind, finding.Amount)));
        Assert.Equal(
            [("completed", 67_000L, 69_000L, 0L, 2_000L), ("owner_lost", 22_900L, 20_000L, 2_900L, 0L)],
            drift.Select(row => (row.CloseReason, row.ProviderMs, row.LedgerMs, row.UnbilledMs, row.OverbilledMs)));
    }

    [Theory]
    [InlineData("session_id,seconds\na,12.5\n\"b\",3\n")]
    [InlineData("plan,provider_session_id,seconds\r\nx,a,12.5\r\nx,b,3")]
    [InlineData("""[{"session_id":"a","seconds":12.5,"model":"m"},{"upstream_session_id":"b","seconds":3}]""")]
    public void Invariant_30_an_invoice_is_read_exactly(string text) =>
        Assert.Equal([new InvoicedSession("a", 12_500), new InvoicedSession("b", 3_000)], ProviderInvoice.Read(text));

    [Theory]
    [InlineData("")]
    [InlineData("id,seconds\na,1")]
    [InlineData("session_id,seconds\na,-1")]
    [InlineData("session_id,seconds\na,1,2")]
    [InlineData("session_id,seconds\n,1")]
    [InlineData("""[{"session_id":"a","seconds":"1"}]""")]
    [InlineData("""[{"session_id":"a","seconds":1}""")]
    public void Invariant_30_half_an_invoice_is_none(string text) => Assert.Throws<StartException>(() => ProviderInvoice.Read(text));

    [Fact]
    public void Invariant_24_the_range_ends_where_sinks_may_still_be_behind()
    {
        var range = ReconciliationRange.At(Noon.AddMinutes(59), TimeSpan.FromHours(2));

        Assert.Equal((new DateTimeOffset(2026, 3, 30, 0, 0, 0, TimeSpan.Zero), Noon.AddHours(-2)), (range.From, range.To));
        Assert.Equal((Noon.AddHours(-36), Noon.AddHours(-2)), (range.Within(Noon, Noon).From, range.Within(Noon, Noon).To));
    }

    [Fact]
    public void A_daily_run_begins_once_a_day_after_its_hour()
    {
        var (day, three) = (TimeSpan.FromDays(1), TimeSpan.FromHours(3));
        var morning = Noon.AddHours(-9);

        Assert.True(ReconciliationSchedule.IsDue(morning, last: null, day, three));
        Assert.False(ReconciliationSchedule.IsDue(morning.AddMinutes(-1), last: null, day, three));
        Assert.True(ReconciliationSchedule.IsDue(morning, morning.AddDays(-1).AddMinutes(5), day, three));
        Assert.False(ReconciliationSchedule.IsDue(Noon, morning, day, three));
        Assert.True(ReconciliationSchedule.IsDue(Noon, Noon.AddHours(-1), TimeSpan.FromHours(1), three));
    }

    private static MeterDifference Differs(MeterLane lane, DateTimeOffset from, decimal seconds, params SentBatch[] batches) => new(lane, from, from.AddHours(1), seconds, batches);

    private static RecordedSession Recorded(string upstream, string reason, long milliseconds) => new(
        upstream, new SessionId(Guid.Empty), new TenantId(Guid.Empty), 1, 1, "decart", "mirage", reason, milliseconds, milliseconds);
}
