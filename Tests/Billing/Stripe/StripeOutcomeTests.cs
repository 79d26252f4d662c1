using System.Text;
using Orchestrator.Grains.Billing.Stripe;
using static Orchestrator.Grains.Billing.Stripe.StripeOutcome;

namespace Orchestrator.Tests.Billing.Stripe;

public class StripeOutcomeTests
{
    private const string Identifier = "v1:0a1b2c3d:0199f0";

    /// <summary>Status, Stripe-Should-Retry, Idempotent-Replayed; then whether it is retried, unknown and needs another key.</summary>
    public static TheoryData<int, bool?, bool, bool, bool, bool> Answers => new()
    {
        // status  should   replayed   retried  unknown  new key
        { 302,     null,    false,     true,    false,   false },
        { 400,     null,    false,     false,   false,   false },
        { 400,     false,   false,     false,   false,   false },
        { 400,     true,    false,     true,    false,   false },
        { 401,     null,    false,     false,   false,   false },
        { 402,     null,    false,     false,   false,   false },
        { 404,     null,    false,     false,   false,   false },
        { 409,     null,    false,     true,    false,   false },
        { 409,     true,    false,     true,    false,   false },
        { 429,     null,    false,     true,    false,   false },
        { 429,     true,    false,     true,    false,   false },
        { 500,     null,    false,     true,    true,    false },
        { 500,     true,    false,     true,    true,    false },
        { 500,     false,   false,     true,    true,    true },
        { 500,     null,    true,      true,    true,    true },
        { 503,     null,    false,     true,    true,    false },
    };

    [Theory, MemberData(nameof(Answers))]
    public void An_answer_is_read_by_its_status_and_by_what_Stripe_says_of_retries(int status, bool? shouldRetry, bool replayed, bool retried, bool unknown, bool newKey)
    {
        var outcome = Of(Reply(status, """{"error":{"type":"api_error","message":"m"}}""") with { ShouldRetry = shouldRetry, Replayed = replayed }, Identifier);

        if (retried)
            Assert.Equal(new Retry(After: null, unknown, newKey, $"HTTP {status} api_error"), outcome);
        else
            Assert.Equal(new Rejected(status, "api_error", "m"), outcome);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(409)]
    [InlineData(503)]
    public void What_Stripe_says_of_the_time_to_wait_is_kept(int status) =>
        Assert.Equal(TimeSpan.FromSeconds(9), Assert.IsType<Retry>(Of(Reply(status, "") with { RetryAfter = TimeSpan.FromSeconds(9) })).After);

    [Fact]
    public void A_429_or_409_that_is_not_to_be_retried_goes_out_again_under_another_key_rather_than_never()
    {
        Assert.True(Assert.IsType<Retry>(Of(Reply(429, "") with { ShouldRetry = false }, Identifier)).NewKey);
        Assert.True(Assert.IsType<Retry>(Of(Reply(409, "") with { ShouldRetry = false }, Identifier)).NewKey);
    }

    [Theory]
    [InlineData("lock_timeout")]
    [InlineData("rate_limit")]
    [InlineData("too_many_concurrent_requests")]
    public void A_call_that_is_in_the_way_is_known_by_its_code_as_well(string code) =>
        Assert.False(Assert.IsType<Retry>(Of(Reply(400, $$$"""{"error":{"code":"{{{code}}}","message":"m"}}"""), Identifier)).Unknown);

    [Fact]
    public void What_was_lost_on_the_way_is_unknown_unless_no_connection_came_to_be()
    {
        Assert.True(Assert.IsType<Retry>(Of(StripeLost.TimedOut)).Unknown);
        Assert.True(Assert.IsType<Retry>(Of(StripeLost.Of(new IOException("reset")))).Unknown);
        Assert.True(Assert.IsType<Retry>(Of(StripeLost.Of(new HttpRequestException(HttpRequestError.ResponseEnded)))).Unknown);
        Assert.False(Assert.IsType<Retry>(Of(StripeLost.Of(new HttpRequestException(HttpRequestError.ConnectionError)))).Unknown);
        Assert.False(Assert.IsType<Retry>(Of(StripeLost.Of(new HttpRequestException(HttpRequestError.NameResolutionError)))).Unknown);
    }

    [Fact]
    public void What_we_refused_ourselves_is_rejected() =>
        Assert.Equal(new Rejected(0, "refused_here", "Why."), Of(new StripeRefusal("Why.")));

    /// <summary>The only ones that are a success.</summary>
    [Theory]
    [InlineData("""{"error":{"type":"invalid_request_error","message":"An event already exists with identifier v1:0a1b2c3d:0199f0."}}""")]
    [InlineData("""{"error":{"type":"invalid_request_error","code":null,"message":"An event already exists with identifier v1:0a1b2c3d:0199f0."}}""")]
    [InlineData("""{"error":{"code":"duplicate_meter_event","message":"A meter event with a duplicate identifier has already been submitted."}}""")]
    [InlineData("""{"error":{"code":"duplicate_meter_event","message":"An event already exists with identifier v1:0a1b2c3d:0199f0."}}""")]
    public void Invariant_19_A_duplicate_of_our_own_identifier_is_success(string body)
    {
        Assert.IsType<Duplicate>(Of(Reply(400, body) with { ShouldRetry = false }, Identifier));
        Assert.IsType<Rejected>(Of(Reply(400, body)));
        Assert.IsType<Rejected>(Of(Reply(404, body), Identifier));
    }

    [Theory]
    [InlineData("invalid_request_error", "An event already exists with identifier v1:0a1b2c3d:0199f01.")]
    [InlineData("invalid_request_error", "An event already exists with identifier v1:0a1b2c3d:0199f.")]
    [InlineData("invalid_request_error", "An event already exists with identifier V1:0A1B2C3D:0199F0.")]
    [InlineData("invalid_request_error", "An event already exists with identifier v1:0a1b2c3d:0199f0")]
    [InlineData("invalid_request_error", "An event already exists with identifier v1:0a1b2c3d:0199f0. ")]
    [InlineData("invalid_request_error", " An event already exists with identifier v1:0a1b2c3d:0199f0.")]
    [InlineData("invalid_request_error", "No such customer: An event already exists with identifier v1:0a1b2c3d:0199f0.")]
    [InlineData("invalid_request_error", "No active meter found with this event name")]
    [InlineData("idempotency_error", "An event already exists with identifier v1:0a1b2c3d:0199f0.")]
    [InlineData("api_error", "An event already exists with identifier v1:0a1b2c3d:0199f0.")]
    public void Invariant_19_Any_other_400_is_not(string type, string message) =>
        Assert.IsType<Rejected>(Of(Reply(400, $$$"""{"error":{"type":"{{{type}}}","message":"{{{message}}}"}}"""), Identifier));

    [Theory]
    [InlineData("""{"error":{"type":"invalid_request_error","code":"parameter_invalid","message":"An event already exists with identifier v1:0a1b2c3d:0199f0."}}""")]
    [InlineData("""{"error":{"code":"duplicate_meter_event","message":"An event already exists with identifier another."}}""")]
    [InlineData("""{"type":"invalid_request_error","message":"An event already exists with identifier v1:0a1b2c3d:0199f0."}""")]
    [InlineData("""["An event already exists with identifier v1:0a1b2c3d:0199f0."]""")]
    [InlineData("An event already exists with identifier v1:0a1b2c3d:0199f0.")]
    [InlineData("""{"error":{"type":"invalid_request_error","message":"\ud800"}}""")]
    [InlineData("""{"error":null}""")]
    [InlineData("")]
    public void Invariant_19_What_only_looks_like_a_duplicate_is_none(string body) => Assert.IsType<Rejected>(Of(Reply(400, body), Identifier));

    [Theory]
    [InlineData("Invalid API Key provided: sk_test_****************abcd")]
    [InlineData("Expired key rk_live_51HabcdefghijklmnopABCD, roll it")]
    [InlineData("whsec_abcdABCD0123 and SK_TEST_ABCDabcd and pk_live_51Habcd…ABCD")]
    public void Invariant_27_Stripes_own_words_are_kept_without_the_keys_in_them(string message)
    {
        var rejected = Assert.IsType<Rejected>(Of(Reply(401, $$$"""{"error":{"type":"invalid_request_error","message":"{{{message}}}"}}"""), Identifier));

        Assert.DoesNotContain("abcd", rejected.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("***", rejected.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_that_only_end_like_a_key_are_kept() => Assert.Equal("risk_score of task_id", StripeText.Clean("risk_score of task_id"));

    [Fact]
    public void An_outcome_tells_Stripes_own_clock_and_name_for_it()
    {
        var date = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000);

        var outcome = Of(Reply(200, "{}") with { RequestId = "req_1", Date = date }, Identifier);

        Assert.Equal(new Accepted { RequestId = "req_1", Date = date }, outcome);
    }

    [Fact]
    public void What_Stripe_says_is_bounded_and_printable()
    {
        var rejected = Assert.IsType<Rejected>(Of(Reply(400, $$$"""{"error":{"type":"a\nb","message":"{{{new string('x', 4000)}}}\n"}}""")));

        Assert.Equal("a\ufffdb", rejected.Code);
        Assert.Equal(500, rejected.Message.Length);
    }

    [Fact]
    public void A_key_that_was_changed_still_names_the_identifier()
    {
        Assert.Equal(Identifier, StripeIdempotencyKey.Of(Identifier, 0));
        Assert.Equal($"{Identifier}~2", StripeIdempotencyKey.Of(Identifier, 2));
        Assert.Equal(Identifier, StripeIdempotencyKey.Identifier($"{Identifier}~2"));
        Assert.Equal(Identifier, StripeIdempotencyKey.Identifier(Identifier));
        Assert.Equal("someone~else", StripeIdempotencyKey.Identifier("someone~else"));
    }

    private static StripeReply Reply(int status, string body) => new(status, Encoding.UTF8.GetBytes(body));
}
