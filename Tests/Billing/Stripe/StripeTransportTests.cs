using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Tests.Billing.Stripe;

/// <summary>
/// What every transport must do, against a raw listener: the bytes of the capture, one request per call, and an answer as a
/// value whatever happens. Runs once for each transport there is.
/// </summary>
public abstract partial class StripeTransportTests : IAsyncLifetime
{
    /// <summary>What Stripe's own client was heard to send for an event with an identifier of every odd kind of character.</summary>
    protected const string CapturedEvent =
        "event_name=gen_seconds&identifier=gen%3Aa+b%7C%C3%A9%7E*%27()_-.1&payload[stripe_customer_id]=cus_1&payload[value]=12&timestamp=1790000000";

    private const string Version = "2026-07-29.dahlia";

    private static readonly StripeAccess Platform = new(new Secret("sk_test_abc"));
    private static readonly StripeAccess Connected = new(new Secret("sk_test_abc"), "acct_9");

    private StripeListener _stripe = null!;

    /// <summary>The transport under test.</summary>
    protected abstract IStripeTransport Create(IOptions<StripeOptions> options, StripeKeyRule keys, TimeProvider time);

    public Task InitializeAsync()
    {
        _stripe = StripeListener.Start();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _stripe.DisposeAsync();

    [Fact]
    public async Task Invariant_29_The_bytes_of_a_meter_event_equal_the_capture()
    {
        var body = StripeBody.Freeze(
            ("event_name", "gen_seconds"), ("identifier", "gen:a b|é~*'()_-.1"), ("payload[stripe_customer_id]", "cus_1"),
            ("payload[value]", "12"), ("timestamp", "1790000000"));

        await SendAsync(StripeRequest.Post(Connected, "/v1/billing/meter_events", body, "idem:1"));

        var heard = Assert.Single(_stripe.Heard);
        Assert.Equal("POST", heard.Method);
        Assert.Equal("/v1/billing/meter_events", heard.Target);
        Assert.Equal("Bearer sk_test_abc", heard.Header("Authorization"));
        Assert.Equal(Version, heard.Header("Stripe-Version"));
        Assert.Equal("acct_9", heard.Header("Stripe-Account"));
        Assert.Equal("idem:1", heard.Header("Idempotency-Key"));
        Assert.Equal("application/x-www-form-urlencoded; charset=utf-8", heard.Header("Content-Type"));
        Assert.Equal(Encoding.UTF8.GetBytes(CapturedEvent), heard.Body);
    }

    [Fact]
    public async Task Invariant_29_The_bytes_of_an_adjustment_equal_the_capture()
    {
        await SendAsync(StripeRequest.Post(Platform, "/v1/billing/meter_event_adjustments", StripeMeterEvents.Cancellation("gen_seconds", "gen:1"), "cancel:gen:1"));

        var heard = Assert.Single(_stripe.Heard);
        Assert.Equal(("POST", "/v1/billing/meter_event_adjustments"), (heard.Method, heard.Target));
        Assert.Equal("cancel:gen:1", heard.Header("Idempotency-Key"));
        Assert.Equal("cancel[identifier]=gen%3A1&event_name=gen_seconds&type=cancel", heard.BodyText);
        Assert.Empty(heard.Headers["Stripe-Account"]);
        Assert.Empty(heard.Headers["Stripe-Context"]);
    }

    [Fact]
    public async Task Invariant_29_The_bytes_of_a_query_for_summaries_equal_the_capture()
    {
        var query = new SummaryQuery("mtr_1", "cus_1", DateTimeOffset.FromUnixTimeSeconds(1_789_992_000), DateTimeOffset.FromUnixTimeSeconds(1_790_002_800), SummaryWindow.Hour);

        _stripe.Answers(200, """{"object":"list","data":[],"has_more":false}""");
        var reading = await new StripeMeterEvents(Transport()).SummariesAsync(Platform, query, default);

        Assert.Empty(reading.Value!);
        var heard = Assert.Single(_stripe.Heard);
        Assert.Equal("GET", heard.Method);
        Assert.Equal(
            "/v1/billing/meters/mtr_1/event_summaries?customer=cus_1&end_time=1790002800&start_time=1789992000&value_grouping_window=hour&limit=100",
            heard.Target);
        Assert.Equal("Bearer sk_test_abc", heard.Header("Authorization"));
        Assert.Equal(Version, heard.Header("Stripe-Version"));
        Assert.Empty(heard.Headers["Idempotency-Key"]);
        Assert.Empty(heard.Headers["Content-Type"]);
        Assert.Empty(heard.Body);
    }

    [Fact]
    public async Task An_event_of_the_second_version_is_asked_for_under_the_account_it_came_with()
    {
        await SendAsync(StripeRequest.Get(Connected, "/v2/core/events/evt_1"));

        var heard = Assert.Single(_stripe.Heard);
        Assert.Equal(("GET", "/v2/core/events/evt_1"), (heard.Method, heard.Target));
        Assert.Equal("acct_9", heard.Header("Stripe-Context"));
        Assert.Empty(heard.Headers["Stripe-Account"]);
    }

    [Fact]
    public async Task Invariant_17_A_resend_is_byte_identical_from_what_was_stored()
    {
        var frozen = new MeterEvent("gen_seconds", "v1:0a1b2c3d:0199f0", "cus_1", 12, DateTimeOffset.FromUnixTimeSeconds(1_790_000_000)).Freeze();
        var (form, hash) = (frozen.Form, frozen.Sha256.ToArray());
        _stripe.Drops().Answers(500, "{}").Answers(200, "{}");

        var events = new StripeMeterEvents(Transport());
        await events.SendAsync(Platform, frozen, "v1:0a1b2c3d:0199f0", keyChanges: 0, default);
        await events.SendAsync(Platform, StripeBody.Restore(form, hash)!, "v1:0a1b2c3d:0199f0", keyChanges: 0, default);
        await events.SendAsync(Platform, StripeBody.Restore(form, hash)!, "v1:0a1b2c3d:0199f0", keyChanges: 1, default);

        Assert.Equal(3, _stripe.Heard.Count);
        Assert.All(_stripe.Heard, heard => Assert.Equal(Encoding.UTF8.GetBytes(form), heard.Body));
        Assert.Equal(["v1:0a1b2c3d:0199f0", "v1:0a1b2c3d:0199f0", "v1:0a1b2c3d:0199f0~1"], _stripe.Heard.Select(heard => heard.Header("Idempotency-Key")));
    }

    [Fact]
    public async Task It_says_who_it_is()
    {
        await SendAsync(StripeRequest.Get(Platform, "/v2/core/events/evt_1"));

        Assert.Contains($"Orchestrator/{StripeHttp.ProductVersion}", Assert.Single(_stripe.Heard).Header("User-Agent"), StringComparison.Ordinal);
    }

    protected IStripeTransport Transport(TimeSpan? timeout = null, Uri? address = null)
    {
        var options = new StripeOptions { BaseAddress = address ?? _stripe.Address, Timeout = timeout ?? TimeSpan.FromSeconds(20) };
        return Create(Options.Create(options), new StripeKeyRule(options.BaseAddress, testMode: true), TimeProvider.System);
    }

    private Task<StripeAnswer> SendAsync(StripeRequest request) => Transport().SendAsync(request, default);

    private static StripeRequest Event(StripeAccess? access = null) =>
        StripeRequest.Post(access ?? Platform, "/v1/billing/meter_events", StripeBody.Freeze(("identifier", "gen:1")), "gen:1");

    private static Uri NobodyListens()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return new Uri($"http://127.0.0.1:{port}");
    }
}
