using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>Who is not let in, what is not taken, and what nobody learns.</summary>
public class OpenAIRefusalScenarios(OpenAIWorld world) : IClassFixture<OpenAIWorld>
{
    private static readonly string[] Other = ["gpt-other"];

    public static TheoryData<string, string?, int, string> Refusals => new()
    {
        // credential           session                                           status, code
        { "nobody",             """{"model":"gpt-realtime"}""",                   401, "invalid_api_key" },
        { "key",                """{"model":"unknown"}""",                        404, "model_not_found" },
        { "key",                """{"type":"realtime"}""",                        400, "invalid_request" },
        { "key",                null,                                             400, "invalid_request" },
        { "key",                """{"type":"transcription"}""",                   400, "invalid_value" },
        { "key",                """{"model":7}""",                                400, "invalid_type" },
        { "key",                "{",                                              400, "invalid_json" },
        { "token of another",   """{"model":"gpt-realtime"}""",                   404, "model_not_found" },
        { "full",               """{"model":"gpt-realtime"}""",                   403, "concurrency_exceeded" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task A_refusal_has_the_providers_form_and_a_status_that_no_library_repeats(string who, string? session, int status, string code)
    {
        var reseller = await world.NewTenantAsync(maxSessions: who == "full" ? 0 : null);
        var credential = who switch
        {
            "nobody"           => "ork_" + new string('n', 43),
            "token of another" => await world.MintAsync(reseller.Key, new { allowedModels = Other }),
            _                  => reseller.Key,
        };

        using var answer = await world.PostAsync(credential, session);

        Assert.Equal((status, code), await OpenAIWorld.ErrorOfAsync(answer));
        Assert.Equal("false", answer.Headers.GetValues("x-should-retry").Single());
        Assert.Null(answer.Headers.RetryAfter);
    }

    [Theory]
    [InlineData(401, 503, "provider_refused", true)]
    [InlineData(403, 503, "provider_refused", true)]
    [InlineData(429, 503, "upstream_full", true)]
    [InlineData(500, 503, "upstream_closed", true)]
    [InlineData(400, 400, "refused", false)]
    public async Task What_the_provider_refuses_is_told_as_far_as_it_is_the_clients(int providers, int status, string code, bool comesBack)
    {
        var reseller = await world.NewTenantAsync();
        world.Twin.Plan($"test-voice-refused-{providers}", new RealtimePlan { RefuseCalls = providers, Parrots = true });

        using var answer = await world.PostAsync(reseller.Key, $$"""{"model":"test-voice-refused-{{providers}}"}""");
        var body = await answer.Content.ReadAsStringAsync();

        Assert.True((status, code) == await OpenAIWorld.ErrorOfAsync(answer), body);
        Assert.Equal(comesBack, answer.Headers.RetryAfter is not null);
        Assert.DoesNotContain(world.Provider.ApiKey, body, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Provider.ApiKey, world.Gateway.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_provider_says_of_what_was_passed_on_does_not_name_it()
    {
        var reseller = await world.NewTenantAsync();
        world.Twin.Plan("test-voice-parrot", new RealtimePlan { Parrots = true });
        var call = await world.CallAsync(reseller.Key, "test-voice-parrot");

        using var accept = await world.TellAsync(reseller.Key, call.Id, "accept", """{"type":"realtime"}""");

        Assert.Equal((400, "invalid_call"), await OpenAIWorld.ErrorOfAsync(accept));
        Assert.Contains("\"message\":\"The call does not take that.\"", await accept.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await world.TellAsync(reseller.Key, call.Id, "hangup");
    }

    [Fact]
    public async Task An_offer_that_the_provider_does_not_take_is_the_clients_fault_in_the_providers_words()
    {
        var reseller = await world.NewTenantAsync();

        using var answer = await world.PostAsync(reseller.Key, """{"model":"gpt-bad-offer"}""", OpenAIWorld.Offer + "a=bad\r\n");

        Assert.Equal((400, "invalid_offer"), await OpenAIWorld.ErrorOfAsync(answer));
        Assert.Contains("The offer is not valid SDP.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_none_of_the_two_forms_is_refused_before_anything_is_claimed()
    {
        var reseller = await world.NewTenantAsync();
        using var http = world.Rest(reseller.Key);
        var sdp = new MediaTypeHeaderValue("application/sdp");

        using var json = await http.PostAsync("/v1/realtime/calls", new StringContent("{}", Encoding.UTF8, "application/json"));
        using var noSdp = await http.PostAsync("/v1/realtime/calls?model=gpt-x", new StringContent("hello", Encoding.UTF8, sdp));
        using var large = await http.PostAsync("/v1/realtime/calls?model=gpt-x", new StringContent("v=0" + new string('x', 60_000), Encoding.UTF8, sdp));
        using var form = new MultipartFormDataContent { { new StringContent(OpenAIWorld.Offer), "sdp" }, { new StringContent("x"), "file" } };
        using var other = await http.PostAsync("/v1/realtime/calls?model=gpt-x", form);

        Assert.Equal((415, "unsupported_content_type"), await OpenAIWorld.ErrorOfAsync(json));
        Assert.Equal((400, "invalid_offer"), await OpenAIWorld.ErrorOfAsync(noSdp));
        Assert.Equal((413, "request_too_large"), await OpenAIWorld.ErrorOfAsync(large));
        Assert.Equal((400, "unknown_parameter"), await OpenAIWorld.ErrorOfAsync(other));
        Assert.Empty(JsonElement.Parse(await http.GetByteArrayAsync("/v1/sessions")).GetProperty("sessions").EnumerateArray());
    }

    [Fact]
    public async Task A_foreign_call_answers_as_one_that_never_was()
    {
        var (owner, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var call = await world.CallAsync(owner.Key, "test-voice-foreign");
        var token = await world.MintAsync(owner.Key);

        foreach (var id in new[] { call.Id, "rtc_" + new string('0', 32), "rtc_", call.Upstream.Id, call.Session, "x", "rtc_%00" })
        {
            foreach (var verb in new[] { "hangup", "accept", "reject", "refer" })
            {
                using var told = await world.TellAsync(stranger.Key, id, verb, """{"type":"realtime","target_uri":"tel:1"}""");
                Assert.True((int)told.StatusCode is 404 or 400, $"{id} {verb}: {(int)told.StatusCode}");
            }

            using var http = world.Rest(stranger.Key);
            using var sideband = await RawHttp.UpgradeAsync(http, $"/v1/realtime?call_id={id}");
            Assert.Equal((404, "call_id_not_found"), await OpenAIWorld.ErrorOfAsync(sideband));
        }

        using var byToken = await world.TellAsync(token, call.Id, "hangup");
        Assert.Equal((403, "token_not_allowed"), await OpenAIWorld.ErrorOfAsync(byToken));
        Assert.False(call.Upstream.Over.IsCompleted);
        Assert.Equal(HttpStatusCode.OK, (await world.TellAsync(owner.Key, call.Id, "hangup")).StatusCode);
    }

    [Theory]
    [InlineData("""{"expires_after":{"seconds":5}}""", "invalid_value")]
    [InlineData("""{"expires_after":{"anchor":"now","seconds":60}}""", "invalid_value")]
    [InlineData("""{"session":{"type":"realtime","model":"unknown"}}""", "model_not_found")]
    [InlineData("""{"session":[]}""", "invalid_type")]
    [InlineData("[]", "invalid_type")]
    public async Task A_secret_is_not_made_for_what_it_could_not_open(string body, string code)
    {
        var reseller = await world.NewTenantAsync();
        using var http = world.Rest(reseller.Key);

        using var answer = await http.PostAsync("/v1/realtime/client_secrets", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(code, (await OpenAIWorld.ErrorOfAsync(answer)).Code);
    }

    [Fact]
    public async Task A_page_of_any_origin_may_ask_and_sees_where_its_call_is()
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/realtime/calls");
        preflight.Headers.Add("Origin", "https://page.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,x-stainless-os");
        using var asked = await http.SendAsync(preflight);
        using var post = new HttpRequestMessage(HttpMethod.Post, "/v1/realtime/calls");
        post.Headers.Add("Origin", "https://page.example");
        using var refused = await http.SendAsync(post);

        Assert.Equal(HttpStatusCode.NoContent, asked.StatusCode);
        Assert.Equal("authorization,content-type,x-stainless-os", asked.Headers.GetValues("Access-Control-Allow-Headers").Single());
        Assert.Equal(("*", HttpStatusCode.Unauthorized), (refused.Headers.GetValues("Access-Control-Allow-Origin").Single(), refused.StatusCode));
        Assert.Contains("Location", refused.Headers.GetValues("Access-Control-Expose-Headers").Single(), StringComparison.Ordinal);
    }
}
