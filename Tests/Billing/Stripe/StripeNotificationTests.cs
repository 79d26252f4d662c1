using System.Text;
using Orchestrator.Grains.Billing.Stripe;

namespace Orchestrator.Tests.Billing.Stripe;

public class StripeNotificationTests
{
    private const string Thin = """
        {"id":"evt_234","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","created":"2026-09-21T14:13:20.330Z","context":"acct_9",
         "livemode":true,"related_object":{"id":"mtr_1","type":"billing.meter","url":"/v1/billing/meters/mtr_1"}}
        """;

    private const string Fetched = """
        {"id":"evt_234","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","created":"2026-09-21T14:13:20.330Z",
         "related_object":{"id":"mtr_1","type":"billing.meter","url":"/v1/billing/meters/mtr_1"},
         "data":{"developer_message_summary":"5 errors","validation_start":"2026-09-21T14:13:10Z","validation_end":"2026-09-21T14:13:20Z",
          "reason":{"error_count":5,"error_types":[
           {"code":"meter_event_customer_not_found","error_count":2,"sample_errors":[
             {"error_message":"No such customer","request":{"identifier":"gen:1"}},{"error_message":"No such customer","request":{"idempotency_key":"gen:2~1"}}]},
           {"code":"something_new","error_count":3,"sample_errors":[{"error_message":"with sk_test_51Habcd","request":{"identifier":"gen:1"}}]}]}}}
        """;

    [Fact]
    public void A_thin_event_says_what_to_fetch_and_for_whom()
    {
        var notification = StripeNotification.Read(Bytes(Thin))!;

        Assert.Equal(("evt_234", StripeNotification.MeterErrors, "acct_9", "mtr_1"), (notification.Id, notification.Type, notification.Account, notification.About));
        Assert.Equal(new DateTimeOffset(2026, 9, 21, 14, 13, 20, 330, TimeSpan.Zero), notification.Created);
        Assert.True(notification.Live);
        Assert.True(notification.HasReport);
    }

    [Theory]
    [InlineData("""{"id":"evt_1","object":"event","type":"invoice.finalized","created":1790000000,"account":"acct_9","data":{"object":{"id":"in_1"}}}""", "acct_9")]
    [InlineData("""{"id":"evt_1","object":"event","type":"something.unheard.of","created":1790000000}""", null)]
    public void Invariant_26_An_unknown_kind_is_read_and_can_be_acknowledged(string body, string? account)
    {
        var notification = StripeNotification.Read(Bytes(body))!;

        Assert.Equal("evt_1", notification.Id);
        Assert.Equal(account, notification.Account);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_790_000_000), notification.Created);
        Assert.False(notification.HasReport);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"type":"invoice.paid"}""")]
    [InlineData("""{"id":7,"type":"invoice.paid"}""")]
    [InlineData("""{"id":"../customers","type":"invoice.paid"}""")]
    [InlineData("""{"id":"","type":"invoice.paid"}""")]
    [InlineData("""{"id":"evt_1"}""")]
    [InlineData("""{"id":"evt_1","type":"\ud800"}""")]
    [InlineData("""{"id":"evt_1","type":"invoice.paid" """)]
    public void What_is_no_notification_is_none(string body) => Assert.Null(StripeNotification.Read(Bytes(body)));

    [Fact]
    public void A_report_names_the_events_by_identifier_or_by_the_key_of_older_reports()
    {
        var report = StripeErrorReport.Read(Bytes(Fetched))!;

        Assert.Equal(("evt_234", "mtr_1", 5L), (report.Id, report.Meter, report.Count));
        Assert.Equal(TimeSpan.FromSeconds(10), report.To - report.From);
        Assert.Equal(["gen:1", "gen:2"], report.Identifiers);
        Assert.Equal([("meter_event_customer_not_found", 2L), ("something_new", 3L)], report.Errors.Select(error => (error.Code, error.Count)));
        Assert.Equal("with ***", report.Errors[1].Samples[0].Message);
    }

    [Theory]
    [InlineData("""{"error_count":2,"error_types":[{"code":"no_meter","error_count":2,"sample_errors":[{"request":{"identifier":"a"}},{"request":{"identifier":"b"}}]}]}""", false)]
    [InlineData("""{"error_count":2,"error_types":[{"code":"no_meter","error_count":2,"sample_errors":[{"request":{"identifier":"a"}}]}]}""", true)]
    [InlineData("""{"error_count":2,"error_types":[{"code":"no_meter","error_count":2,"sample_errors":[{"request":{"identifier":"a"}},{"error_message":"m"}]}]}""", true)]
    [InlineData("""{"error_count":3,"error_types":[{"code":"no_meter","error_count":1,"sample_errors":[{"request":{"identifier":"a"}}]}]}""", true)]
    [InlineData("""{"error_count":3}""", true)]
    public void Invariant_23_A_report_that_does_not_name_all_says_so(string reason, bool partial)
    {
        var report = StripeErrorReport.Read(Bytes($$$"""{"id":"evt_1","type":"v1.billing.meter.no_meter_found","data":{"reason":{{{reason}}}}}"""))!;

        Assert.Equal(partial, report.IsPartial);
        Assert.Null(report.Meter);
    }

    [Theory]
    [InlineData(Thin)]
    [InlineData("""{"id":"evt_1","type":"invoice.paid","data":{"reason":{}}}""")]
    [InlineData("{}")]
    [InlineData("<html>")]
    public void What_is_no_report_is_none(string body) => Assert.Null(StripeErrorReport.Read(Bytes(body)));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
