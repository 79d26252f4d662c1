using System.Text;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Tests.Billing.Stripe;

/// <summary>The way back.</summary>
public abstract partial class StripeTransportTests
{
    private const string Duplicate = """{"error":{"type":"invalid_request_error","message":"An event already exists with identifier gen:1."}}""";

    [Theory]
    [InlineData(200, "{}")]
    [InlineData(201, "{}")]
    [InlineData(302, "")]
    [InlineData(400, Duplicate)]
    [InlineData(401, """{"error":{"type":"temporary_session_expired","code":"billing_meter_event_session_expired"}}""")]
    [InlineData(404, "no JSON")]
    [InlineData(409, "[]")]
    [InlineData(429, """{"error":{"code":"lock_timeout","message":7}}""")]
    [InlineData(500, """{"error":"text"}""")]
    [InlineData(503, "")]
    public async Task Whatever_the_answer_it_is_asked_for_once_and_brought_back_as_it_is(int status, string body)
    {
        _stripe.Answers(status, body, ("Location", "/elsewhere"));

        var reply = Assert.IsType<StripeReply>(await SendAsync(Event()));

        Assert.Equal(status, reply.Status);
        Assert.Equal(body, Encoding.UTF8.GetString(reply.Body.Span));
        Assert.Single(_stripe.Heard);
    }

    [Fact]
    public async Task Invariant_19_A_duplicate_of_our_own_identifier_is_told_from_one_of_anothers()
    {
        _stripe.Answers(400, Duplicate, ("Stripe-Should-Retry", "false")).Answers(400, Duplicate, ("Stripe-Should-Retry", "false"));
        var events = new StripeMeterEvents(Transport());
        var body = StripeBody.Freeze(("identifier", "gen:1"));

        var ours = await events.SendAsync(Platform, body, "gen:1", keyChanges: 0, default);
        var anothers = await events.SendAsync(Platform, body, "gen:11", keyChanges: 0, default);

        Assert.IsType<StripeOutcome.Duplicate>(ours);
        Assert.IsType<StripeOutcome.Rejected>(anothers);
    }

    [Fact]
    public async Task The_headers_we_need_come_back()
    {
        _stripe.Answers(
            429, "{}", ("Stripe-Should-Retry", "true"), ("Retry-After", "7"), ("Request-Id", "req_1"), ("Stripe-Rate-Limited-Reason", "global-rate"),
            ("Date", "Mon, 21 Sep 2026 14:13:20 GMT"), ("Idempotent-Replayed", "true"));

        var reply = Assert.IsType<StripeReply>(await SendAsync(Event()));

        Assert.True(reply.ShouldRetry);
        Assert.True(reply.Replayed);
        Assert.Equal(TimeSpan.FromSeconds(7), reply.RetryAfter);
        Assert.Equal(("req_1", "global-rate"), (reply.RequestId, reply.RateLimitedReason));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_790_000_000), reply.Date);
    }

    [Fact]
    public async Task Retry_After_may_be_a_date_and_is_counted_from_Stripes_own_clock()
    {
        _stripe.Answers(503, "", ("Date", "Mon, 21 Sep 2026 14:13:20 GMT"), ("Retry-After", "Mon, 21 Sep 2026 14:13:50 GMT"));

        var reply = Assert.IsType<StripeReply>(await SendAsync(Event()));

        Assert.Equal(TimeSpan.FromSeconds(30), reply.RetryAfter);
    }

    [Fact]
    public async Task A_connection_that_is_cut_leaves_the_outcome_unknown_and_is_not_tried_again()
    {
        _stripe.Drops();

        var lost = Assert.IsType<StripeLost>(await SendAsync(Event()));

        Assert.True(lost.MayHaveArrived);
        Assert.Single(_stripe.Heard);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_leaves_the_outcome_unknown()
    {
        _stripe.Hangs();

        var answer = await Transport(TimeSpan.FromSeconds(1)).SendAsync(Event(), default).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.True(Assert.IsType<StripeLost>(answer).MayHaveArrived);
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_to_its_end()
    {
        _stripe.Answers(200, new string('x', StripeHttp.MaxReplyBytes + 1));

        var lost = Assert.IsType<StripeLost>(await SendAsync(Event()));

        Assert.True(lost.MayHaveArrived);
    }

    [Fact]
    public async Task Where_nobody_listens_nothing_can_have_arrived()
    {
        var answer = await Transport(address: NobodyListens()).SendAsync(Event(), default);

        Assert.False(Assert.IsType<StripeLost>(answer).MayHaveArrived);
    }

    [Fact]
    public async Task Cancellation_is_no_answer()
    {
        _stripe.Hangs();
        using var cancelled = new CancellationTokenSource();
        var sending = Transport().SendAsync(Event(), cancelled.Token);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Theory]
    [InlineData("sk_live_51Habcdefghijklmnop")]
    [InlineData("rk_live_51Habcdefghijklmnop")]
    [InlineData("sk_org_live_51Habcdefghijk")]
    [InlineData("SK_LIVE_51Habcdefghijklmnop")]
    [InlineData("pk_test_51Habcdefghijklmnop")]
    [InlineData("sk_test_51Habcdefg\r\nX-Evil: 1")]
    [InlineData("sk_test_51Habcdefgé")]
    [InlineData("")]
    public async Task Invariant_28_A_key_of_a_tenant_that_is_not_for_tests_never_reaches_another_address(string key)
    {
        var answer = await SendAsync(Event(new StripeAccess(new Secret(key))));

        var refusal = Assert.IsType<StripeRefusal>(answer);
        Assert.DoesNotContain("51Habc", refusal.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(_stripe.Heard);
    }

    [Fact]
    public async Task Invariant_27_Nothing_that_comes_back_or_is_printed_on_the_way_holds_the_key()
    {
        const string key = "rk_test_51Hsecretsecretsecret";
        var access = new StripeAccess(new Secret(key), "acct_9");
        const string echo = $$$"""{"error":{"type":"invalid_request_error","code":"{{{key}}}","message":"Invalid API Key provided: {{{key}}} (sk_test_****cret)"}}""";
        _stripe.Answers(401, echo, ("Request-Id", key)).Drops();
        var request = Event(access);

        StripeAnswer[] answers =
        [
            await SendAsync(request), await SendAsync(request), await Transport(address: NobodyListens()).SendAsync(request, default),
            await SendAsync(Event(new StripeAccess(new Secret(key + "\n")))),
        ];

        string[] printed = [$"{access}", $"{request}", .. answers.Select(answer => $"{answer}"), .. answers.Select(answer => $"{StripeOutcome.Of(answer)}")];
        Assert.IsType<StripeOutcome.Rejected>(StripeOutcome.Of(answers[0]));
        Assert.All(printed, text => Assert.DoesNotContain("51Hsecret", text, StringComparison.Ordinal));
        Assert.All(printed, text => Assert.DoesNotContain("****cret", text, StringComparison.Ordinal));
        Assert.DoesNotContain("51Hsecret", request.Form, StringComparison.Ordinal);
    }
}
