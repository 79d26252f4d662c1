using System.Text;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Tests.Billing.Stripe;

public class StripeMeterEventsTests
{
    private static readonly StripeAccess Access = new(new Secret("sk_test_abc"));
    private static readonly DateTimeOffset Midnight = DateTimeOffset.FromUnixTimeSeconds(1_789_948_800);
    private static readonly SummaryQuery Day = new("mtr_1", "cus_1", Midnight, Midnight.AddDays(1), SummaryWindow.Hour);

    public static TheoryData<SummaryQuery> Misaligned => new()
    {
        Day with { Window = SummaryWindow.Whole, From = Midnight.AddSeconds(1) },
        Day with { To = Midnight.AddMinutes(90) },
        Day with { Window = SummaryWindow.Day, From = Midnight.AddHours(-1) },
        Day with { To = Midnight },
        Day with { Meter = "" },
        Day with { Customer = "" },
    };

    [Fact]
    public async Task A_list_of_summaries_is_read_to_its_last_page()
    {
        var stripe = new Script(Page(more: true, "s1", "s2"), Page(more: true, "s3"), Page(more: false, "s4"));

        var reading = await new StripeMeterEvents(stripe).SummariesAsync(Access, Day, default);

        Assert.IsType<StripeOutcome.Accepted>(reading.Outcome);
        Assert.Equal(["s1", "s2", "s3", "s4"], reading.Value!.Select(summary => summary.Id));
        Assert.Equal(12.5m, reading.Value![0].Value);
        Assert.Equal((Midnight, Midnight.AddHours(1)), (reading.Value![0].From, reading.Value![0].To));
        Assert.Equal(["limit=100", "starting_after=s2", "starting_after=s3"], stripe.Sent.Select(request => request.Form.Split('&')[^1]));
    }

    [Theory]
    [InlineData(200, "{}")]
    [InlineData(200, "not JSON")]
    [InlineData(200, """{"data":[{"id":"s1"}],"has_more":false}""")]
    [InlineData(200, """{"data":[],"has_more":true}""")]
    [InlineData(429, "")]
    public async Task A_list_that_cannot_be_read_whole_is_to_be_read_again_and_is_never_half_of_it(int status, string second)
    {
        var stripe = new Script(Page(more: true, "s1"), (status, second));

        var reading = await new StripeMeterEvents(stripe).SummariesAsync(Access, Day, default);

        Assert.IsType<StripeOutcome.Retry>(reading.Outcome);
        Assert.Null(reading.Value);
    }

    [Fact]
    public async Task A_list_that_begins_anew_on_every_page_ends()
    {
        var stripe = new Script(Page(more: true, "s1"));

        var reading = await new StripeMeterEvents(stripe).SummariesAsync(Access, Day, default);

        Assert.IsType<StripeOutcome.Retry>(reading.Outcome);
        Assert.Equal(2, stripe.Sent.Count);
    }

    [Theory, MemberData(nameof(Misaligned))]
    public async Task Bounds_that_Stripe_would_refuse_are_refused_here(SummaryQuery query) =>
        await Assert.ThrowsAsync<ArgumentException>(() => new StripeMeterEvents(new Script()).SummariesAsync(Access, query, default));

    [Theory]
    [InlineData("..")]
    [InlineData("evt_1/../../v1/customers")]
    [InlineData("evt_1?x")]
    [InlineData("")]
    public async Task An_id_that_leads_elsewhere_is_not_asked_for(string id)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => new StripeMeterEvents(new Script()).ReportAsync(Access, id, default));
        await Assert.ThrowsAsync<ArgumentException>(() => new StripeMeterEvents(new Script()).SummariesAsync(Access, Day with { Meter = id }, default));
    }

    [Theory]
    [InlineData("@elsewhere.io/v1")]
    [InlineData("v1/customers")]
    [InlineData("/v1/customers?x=y")]
    [InlineData("\\elsewhere.io")]
    public void A_path_cannot_name_another_host(string path) => Assert.Throws<ArgumentException>(() => StripeRequest.Get(Access, path));

    [Fact]
    public async Task A_report_is_fetched_by_the_id_of_its_notification()
    {
        var stripe = new Script((200, """{"id":"evt_1","type":"v1.billing.meter.no_meter_found","data":{"reason":{"error_count":0}}}"""));

        var reading = await new StripeMeterEvents(stripe).ReportAsync(Access with { Account = "acct_9" }, "evt_1", default);

        Assert.Equal("evt_1", reading.Value!.Id);
        var asked = Assert.Single(stripe.Sent);
        Assert.Equal(("/v2/core/events/evt_1", "Stripe-Context", "acct_9"), (asked.Target, asked.AccountHeader, asked.Access.Account));
    }

    [Fact]
    public async Task A_report_that_is_not_there_is_rejected_with_Stripes_reason()
    {
        var stripe = new Script((404, """{"error":{"code":"resource_missing","message":"No such event"}}"""));

        var reading = await new StripeMeterEvents(stripe).ReportAsync(Access, "evt_1", default);

        Assert.Equal(new StripeOutcome.Rejected(404, "resource_missing", "No such event"), reading.Outcome);
    }

    private static (int, string) Page(bool more, params string[] ids)
    {
        var items = ids.Select(id => $$"""{"id":"{{id}}","aggregated_value":12.5,"start_time":1789948800,"end_time":1789952400,"meter":"mtr_1"}""");
        return (200, $$"""{"object":"list","data":[{{string.Join(',', items)}}],"has_more":{{(more ? "true" : "false")}}}""");
    }

    /// <summary>Plays answers back; the last one for ever.</summary>
    private sealed class Script(params (int Status, string Body)[] answers) : IStripeTransport
    {
        public List<StripeRequest> Sent { get; } = [];

        public Task<StripeAnswer> SendAsync(StripeRequest request, CancellationToken cancellationToken)
        {
            var (status, body) = answers[Math.Min(Sent.Count, answers.Length - 1)];
            Sent.Add(request);
            return Task.FromResult<StripeAnswer>(new StripeReply(status, Encoding.UTF8.GetBytes(body)));
        }
    }
}
