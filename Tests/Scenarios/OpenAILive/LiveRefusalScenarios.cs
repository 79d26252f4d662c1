using System.Net;
using Orchestrator.Domain.Billing;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Scenarios.OpenAI;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAILive;

/// <summary>Who is not let in, what is not taken, and what a session begins with costing.</summary>
public class LiveRefusalScenarios(LiveWorld world) : IClassFixture<LiveWorld>
{
    private const decimal Micros = 10_000m;
    private const int Minimum = 15;

    private static readonly string[] Other = ["gpt-other"];

    public static TheoryData<string, string?, int, string> Refusals => new()
    {
        // credential           session                               status, code
        { "nobody",             """{"model":"gpt-live-1"}""",         401, "invalid_api_key" },
        { "key",                """{"model":"unknown"}""",            404, "model_not_found" },
        { "key",                """{"model":"gpt-realtime"}""",       404, "model_not_found" },
        { "key",                """{"voice":"marin"}""",              400, "invalid_request" },
        { "key",                null,                                 400, "missing_required_parameter" },
        { "key",                """{"model":7}""",                    400, "invalid_type" },
        { "key",                """{"model":"gpt-live-1","a":1,"a":2}""", 400, "invalid_json" },
        { "key",                "{",                                  400, "invalid_json" },
        { "token of another",   """{"model":"gpt-live-1"}""",         404, "model_not_found" },
        { "full",               """{"model":"gpt-live-1"}""",         403, "concurrency_exceeded" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task A_refusal_has_a_status_that_no_library_repeats(string who, string? session, int status, string code)
    {
        var reseller = await world.NewTenantAsync(maxSessions: who == "full" ? 0 : null);
        var credential = who switch
        {
            "nobody"           => "ork_" + new string('n', 43),
            "token of another" => await world.MintAsync(reseller.Key, new { allowedModels = Other }),
            _                  => reseller.Key,
        };

        using var answer = await world.OfferAsync(credential, session);

        Assert.Equal((status, code), await OpenAIWorld.ErrorOfAsync(answer));
        Assert.Equal("false", answer.Headers.GetValues("x-should-retry").Single());
        Assert.Null(answer.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("hello", 400, "invalid_offer")]
    [InlineData(OpenAIWorld.Offer + "a=bad\r\n", 400, "invalid_offer")]
    public async Task An_offer_that_is_none_is_the_clients_fault(string offer, int status, string code)
    {
        var reseller = await world.NewTenantAsync();

        using var answer = await world.OfferAsync(reseller.Key, """{"model":"test-live-offer"}""", offer);

        Assert.Equal((status, code), await OpenAIWorld.ErrorOfAsync(answer));
    }

    [Theory]
    [InlineData(401, 503, "provider_refused")]
    [InlineData(429, 503, "upstream_full")]
    [InlineData(500, 503, "upstream_closed")]
    [InlineData(422, 400, "refused")]
    public async Task What_the_provider_refuses_is_told_as_far_as_it_is_the_clients(int providers, int status, string code)
    {
        var reseller = await world.NewTenantAsync();
        world.Twin.Plan($"test-live-refused-{providers}", new RealtimePlan { RefuseCalls = providers, Parrots = true });

        using var answer = await world.OfferAsync(reseller.Key, $$"""{"model":"test-live-refused-{{providers}}"}""");
        var body = await answer.Content.ReadAsStringAsync();

        Assert.True((status, code) == await OpenAIWorld.ErrorOfAsync(answer), body);
        Assert.Equal(status == 503, answer.Headers.RetryAfter is not null);
        Assert.DoesNotContain(world.Provider.ApiKey, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_is_billed_the_charge_that_it_begins_with()
    {
        var reseller = await BeginningWithAsync(1_000_000);
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-minimum");

        using var hungUp = await world.TellLiveAsync(reseller.Key, call.Id, "hangup");

        Assert.Equal("ended_by_tenant", await world.EndOfAsync(reseller, call.Session));
        var wallets = new WalletStore(world.Database.Database);
        var wallet = await Eventually.SeesAsync("the wallet is charged", () => wallets.FindAsync(reseller.Id), wallet => wallet!.Balance is { Held: 0, Settled: > 0 });
        Assert.Equal((long)(Minimum * Micros), wallet!.Balance.Settled);
        Assert.True(call.Upstream.Truth.SpanMilliseconds < Minimum * 1_000);
    }

    [Fact]
    public async Task Who_cannot_pay_the_charge_that_a_session_begins_with_opens_none()
    {
        var reseller = await BeginningWithAsync((long)(Minimum * Micros) - 1);

        using var answer = await world.OfferAsync(reseller.Key, """{"model":"test-live-poor"}""");

        Assert.Equal((403, "insufficient_quota"), await OpenAIWorld.ErrorOfAsync(answer));
        Assert.DoesNotContain(world.Twin.Live.Sessions, session => session.Model == "test-live-poor");
    }

    [Fact]
    public async Task Who_can_pay_just_that_is_hung_up_when_it_is_spent()
    {
        // A minimum of two seconds, that the test is quick.
        var reseller = await BeginningWithAsync((long)(2 * Micros), minimum: 2);
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-spent");
        await using var attached = await world.AttachAsync(reseller.Key, call.Id);

        Assert.Contains("\"code\":\"insufficient_quota\"", (await attached.ExpectAsync("error")).Text, StringComparison.Ordinal);
        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(TimeSpan.FromSeconds(15)));
        Assert.Equal("insufficient_credits", await world.EndOfAsync(reseller, call.Session));
        Assert.InRange(await world.RecordedMsAsync(reseller, call.Session), 1_000, 2_000);
    }

    [Fact]
    public async Task A_foreign_session_answers_as_one_that_never_was()
    {
        var (owner, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var call = await world.OpenLiveAsync(owner.Key, "test-live-foreign");
        var elder = await world.CallAsync(stranger.Key, "test-voice-elder");

        // One's own call of the other API is no session of this one, nor the other way round.
        foreach (var id in new[] { call.Id, "live_" + new string('0', 32), "live_", call.Upstream.Id, call.Session, "x", "live_%20", elder.Id, "live_" + elder.Session })
        {
            foreach (var verb in new[] { "hangup", "accept", "reject", "refer", "fork" })
            {
                using var told = await world.TellLiveAsync(stranger.Key, id, verb, """{"target_uri":"tel:1"}""");
                Assert.True((int)told.StatusCode is 404 or 400, $"{id} {verb}: {(int)told.StatusCode}");
            }

            using var http = world.Rest(stranger.Key);
            using var attached = await RawHttp.UpgradeAsync(http, $"/v1/live/sessions/{id}/attach");
            Assert.Equal((404, "call_id_not_found"), await OpenAIWorld.ErrorOfAsync(attached));
        }

        Assert.False(call.Upstream.Over.IsCompleted || elder.Upstream.Over.IsCompleted);
        using var byItsName = await world.TellAsync(owner.Key, "rtc_" + call.Session, "hangup");
        Assert.Equal(404, (int)byItsName.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.TellLiveAsync(owner.Key, call.Id, "hangup")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.TellAsync(stranger.Key, elder.Id, "hangup")).StatusCode);
    }

    [Fact]
    public async Task A_page_of_any_origin_may_ask()
    {
        using var http = new HttpClient { BaseAddress = world.Gateway.Address };
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/live/sessions");
        preflight.Headers.Add("Origin", "https://page.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");

        using var asked = await http.SendAsync(preflight);

        Assert.Equal((HttpStatusCode.NoContent, "*"), (asked.StatusCode, asked.Headers.GetValues("Access-Control-Allow-Origin").Single()));
    }

    /// <summary>A tenant that pays so many seconds at least, from a wallet.</summary>
    private async Task<Reseller> BeginningWithAsync(long wallet, int minimum = Minimum)
    {
        var reseller = await world.NewTenantAsync();
        await world.Admin.SetPriceAsync(reseller.Id, model: null, new Price(Micros, new Rounding(MinimumSeconds: minimum)));
        await world.Database.AddWalletAsync(reseller.Id, wallet);
        return reseller;
    }
}
