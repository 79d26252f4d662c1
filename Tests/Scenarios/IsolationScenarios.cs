using System.Net;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Nobody sees anything of anybody else: what is not yours answers exactly as what is not there.</summary>
public partial class IsolationScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    private const string Absent = "0123456789abcdef0123456789abcdef";

    /// <summary>Every endpoint, and what shows that it tells nobody of another's sessions. A new one needs a line here.</summary>
    private static readonly Dictionary<string, string> Endpoints = new()
    {
        ["GET /v1/stream"]                       = nameof(What_a_credential_opens_belongs_to_its_tenant),
        ["GET /client"]                          = nameof(What_a_first_frame_opens_belongs_to_its_tenant),
        ["GET /filter-category/active"]          = nameof(What_a_first_frame_opens_belongs_to_its_tenant),
        ["GET /filter-category/image/{link}"]    = nameof(FilterImageScenarios.A_link_that_was_changed_or_made_up_opens_nothing),
        ["OPTIONS /filter-category/active"]      = nameof(What_a_first_frame_opens_belongs_to_its_tenant),
        ["GET /v1/realtime"]                     = nameof(OpenAI.OpenAIRefusalScenarios.A_foreign_call_answers_as_one_that_never_was),
        ["POST /v1/realtime/client_secrets"]     = nameof(What_a_credential_opens_belongs_to_its_tenant),
        ["POST /v1/realtime/calls"]              = nameof(What_a_credential_opens_belongs_to_its_tenant),
        ["POST /v1/realtime/calls/{callId}/hangup"] = nameof(OpenAI.OpenAIRefusalScenarios.A_foreign_call_answers_as_one_that_never_was),
        ["POST /v1/realtime/calls/{callId}/accept"] = nameof(OpenAI.OpenAIRefusalScenarios.A_foreign_call_answers_as_one_that_never_was),
        ["POST /v1/realtime/calls/{callId}/reject"] = nameof(OpenAI.OpenAIRefusalScenarios.A_foreign_call_answers_as_one_that_never_was),
        ["POST /v1/realtime/calls/{callId}/refer"] = nameof(OpenAI.OpenAIRefusalScenarios.A_foreign_call_answers_as_one_that_never_was),
        ["POST /v1/live/sessions"]               = nameof(What_a_credential_opens_belongs_to_its_tenant),
        ["GET /v1/live/sessions/{id}/attach"]    = nameof(OpenAILive.LiveRefusalScenarios.A_foreign_session_answers_as_one_that_never_was),
        ["POST /v1/live/sessions/{id}/hangup"]   = nameof(OpenAILive.LiveRefusalScenarios.A_foreign_session_answers_as_one_that_never_was),
        ["POST /v1/live/sessions/{id}/accept"]   = nameof(OpenAILive.LiveRefusalScenarios.A_foreign_session_answers_as_one_that_never_was),
        ["POST /v1/live/sessions/{id}/reject"]   = nameof(OpenAILive.LiveRefusalScenarios.A_foreign_session_answers_as_one_that_never_was),
        ["POST /v1/live/sessions/{id}/refer"]    = nameof(OpenAILive.LiveRefusalScenarios.A_foreign_session_answers_as_one_that_never_was),
        ["POST /v1/live/sessions/{id}/fork"]     = nameof(OpenAILive.LiveRefusalScenarios.A_foreign_session_answers_as_one_that_never_was),
        ["POST /v1/client/tokens"]               = nameof(What_a_credential_opens_belongs_to_its_tenant),
        ["GET /v1/sessions"]                     = nameof(A_list_holds_ones_own_whatever_the_cursor),
        ["GET /v1/sessions/{id}"]                = nameof(A_foreign_session_answers_as_an_absent_one),
        ["GET /v1/sessions/{id}/timeline"]       = nameof(A_foreign_session_answers_as_an_absent_one),
        ["DELETE /v1/sessions/{id}"]             = nameof(A_foreign_session_answers_as_an_absent_one),
        ["GET /v1/sessions/{id}/observe"]        = nameof(A_foreign_session_is_not_to_be_watched),
        ["POST /v1/sessions/{id}/observers"]     = nameof(A_foreign_session_is_not_to_be_watched),
        ["POST /v1/webhooks/stripe"]             = nameof(A_notification_that_is_not_signed_tells_and_changes_nothing),
        ["GET /v1/sessions/{id}/charge"]         = nameof(A_foreign_session_answers_as_an_absent_one),
        ["GET /v1/tenants"]                      = nameof(Everybody_sees_the_tree_from_itself_down),
        ["POST /v1/tenants"]                     = nameof(Everybody_sees_the_tree_from_itself_down),
        ["GET /v1/tenants/{id}"]                 = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["PATCH /v1/tenants/{id}"]               = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["POST /v1/tenants/{id}/suspend"]        = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["POST /v1/tenants/{id}/resume"]         = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/keys"]            = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["POST /v1/tenants/{id}/keys"]           = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["DELETE /v1/tenants/{id}/keys/{keyId}"] = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/hosts"]           = nameof(An_address_is_given_and_taken_from_above),
        ["POST /v1/tenants/{id}/hosts"]          = nameof(An_address_is_given_and_taken_from_above),
        ["DELETE /v1/tenants/{id}/hosts/{host}"] = nameof(An_address_is_given_and_taken_from_above),
        ["GET /v1/tenants/{id}/settings"]        = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["PUT /v1/tenants/{id}/settings"]        = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["DELETE /v1/tenants/{id}/settings"]     = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/policy"]          = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["PUT /v1/tenants/{id}/policy"]          = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["DELETE /v1/tenants/{id}/policy"]       = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/prices"]          = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["POST /v1/tenants/{id}/prices"]         = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/token-prices"]    = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["POST /v1/tenants/{id}/token-prices"]   = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/wallet"]          = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["PUT /v1/tenants/{id}/wallet"]          = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/wallet/entries"]  = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["POST /v1/tenants/{id}/wallet/entries"] = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/wallet/events"]   = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["GET /v1/tenants/{id}/export-targets"]  = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["POST /v1/tenants/{id}/export-targets"] = nameof(A_foreign_tenant_answers_as_an_absent_one),
        ["DELETE /v1/tenants/{id}/export-targets/{targetId}"] = nameof(What_is_sent_of_a_tenant_is_seen_and_ended_by_who_said_so_and_from_above),
        ["GET /v1/usage"]                        = nameof(Nobody_learns_what_is_paid_above_it),
        ["GET /v1/invoices/preview"]             = nameof(Nobody_learns_what_is_paid_above_it),
        ["GET /openapi/v1.json"]                 = nameof(Health_tells_nothing_of_sessions),
        ["POST /v1/sessions"]                    = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["PATCH /v1/sessions/{id}"]              = nameof(A_foreign_session_answers_as_an_absent_one),
        ["POST /v1/sessions/{id}/prompt"]        = nameof(A_foreign_session_answers_as_an_absent_one),
        ["POST /v1/sessions/{id}/image"]         = nameof(A_foreign_session_answers_as_an_absent_one),
        ["GET /v1/sessions/{id}/events"]         = nameof(A_foreign_session_answers_as_an_absent_one),
        ["GET /v1/realtime/quota"]               = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["POST /v1/realtime/sessions"]           = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["PATCH /v1/realtime/sessions/{id}"]     = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["POST /v1/realtime/sessions/{id}/prompt"] = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["POST /v1/realtime/sessions/{id}/image"] = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["GET /v1/realtime/sessions/{id}/events"] = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["DELETE /v1/realtime/sessions/{id}"]    = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["POST /whip"]                           = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["POST /whip/{model}"]                   = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["GET /whip"]                            = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["GET /whip/{model}"]                    = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["GET /whip/sessions/{id}"]              = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["PATCH /whip/sessions/{id}"]            = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["DELETE /whip/sessions/{id}"]           = nameof(What_is_opened_over_http_belongs_to_its_tenant),
        ["GET /subscribe/{session}"]             = nameof(WatchScenarios.What_is_somebody_elses_or_over_is_answered_like_what_never_was),
        ["POST /watch-stream/{room}"]            = nameof(RoomScenarios.A_room_that_is_somebody_elses_or_over_is_answered_like_one_that_never_was),
        ["GET /healthz/live"]                    = nameof(Health_tells_nothing_of_sessions),
        ["GET /healthz/ready"]                   = nameof(Health_tells_nothing_of_sessions),
        ["GET /healthz/sessions"]                = nameof(Health_tells_nothing_of_sessions),
    };

    public static IEnumerable<object[]> AboutOne =>
        Endpoints.Where(endpoint => endpoint.Value == nameof(A_foreign_session_answers_as_an_absent_one)).Select(endpoint => endpoint.Key.Split(' ').ToArray<object>());

    /// <summary>Those of them that any session takes; the rest is for clients without a socket.</summary>
    public static IEnumerable<object[]> AboutOneWithASocket => AboutOne.Where(endpoint => endpoint is not ([not "GET" and not "DELETE", _] or [_, "/v1/sessions/{id}/events"]));

    [Fact]
    public async Task Every_endpoint_has_its_test()
    {
        // What browsers ask before they ask tells the same to everybody, of every address.
        var mapped = (await MappedEndpoints.OfAsync(world)).Where(endpoint =>
            !endpoint.StartsWith("OPTIONS /v1/", StringComparison.Ordinal) && !endpoint.StartsWith("OPTIONS /whip", StringComparison.Ordinal)
            && !endpoint.StartsWith("OPTIONS /watch-stream", StringComparison.Ordinal));

        Assert.Equal(Endpoints.Keys.Order(), mapped.Order());
        Assert.All(Endpoints.Values.Distinct(), test => Assert.Contains(typeof(IsolationScenarios).Assembly.GetTypes(), type => type.GetMethod(test) is not null));
    }

    [Theory, MemberData(nameof(AboutOne))]
    public async Task A_foreign_session_answers_as_an_absent_one(string method, string path)
    {
        var (owner, stranger, parent) = (await world.NewTenantAsync(), await world.NewTenantAsync(), await world.NewTenantAsync());
        var child = await world.NewTenantAsync(parent.Id);
        await using var owned = await LiveAsync(owner);
        await using var parents = await LiveAsync(parent);

        foreach (var (who, foreign) in new[] { (stranger, owned), (parent, owned), (child, parents), (owner, parents) })
        {
            var told = await AskAsync(who, method, path.Replace("{id}", foreign.Session, StringComparison.Ordinal));
            var absent = await AskAsync(who, method, path.Replace("{id}", Absent, StringComparison.Ordinal));

            Assert.Equal(absent, told);
            Assert.Equal((HttpStatusCode.NotFound, "session_not_found"), (told.Status, JsonElement.Parse(told.Body).GetProperty("code").GetString()));
        }

        foreach (var guess in new[] { "1", "..%2f", owned.Session!.ToUpperInvariant()[..31], Guid.Parse(owned.Session!).ToString(), new string('f', 3_000), "%00", "'--" })
        {
            var told = await AskAsync(stranger, method, path.Replace("{id}", guess, StringComparison.Ordinal));
            Assert.True((int)told.Status is 400 or 404, $"{guess}: {told}");
        }

        Assert.False(owned.Over.IsCompleted || parents.Over.IsCompleted);
    }

    [Fact]
    public async Task What_is_opened_over_http_belongs_to_its_tenant()
    {
        var (owner, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        using var http = world.Http(owner.Key);
        foreach (var path in new[] { "/v1/sessions", "/v1/realtime/sessions", "/whip?model=sim-moderated" })
        {
            using var offer = path.StartsWith("/whip", StringComparison.Ordinal)
                ? new StringContent(HttpWorld.Offer, new System.Net.Http.Headers.MediaTypeHeaderValue("application/sdp"))
                : (HttpContent)System.Net.Http.Json.JsonContent.Create(new { model = "sim-moderated", sdp = new { type = "offer", sdp = HttpWorld.Offer } });
            using var opened = await http.PostAsync(path, offer);
            var location = opened.Headers.Location!.ToString();

            foreach (var (method, part) in new[] { ("PATCH", ""), ("POST", "/prompt"), ("POST", "/image"), ("GET", "/events"), ("GET", ""), ("DELETE", "") })
            {
                var told = await AskAsync(stranger, method, location + part);
                var absent = await AskAsync(stranger, method, location.Replace(location.Split('/')[^1], Absent, StringComparison.Ordinal) + part);
                Assert.Equal(absent, told);
                Assert.True(told.Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, $"{method} {location}{part}: {told}");
            }

            Assert.DoesNotContain(location.Split('/')[^1], await ListAsync(stranger, ""));
            Assert.Equal("{\"limit\":null,\"active\":0,\"remaining\":null}", (await AskAsync(stranger, "GET", "/v1/realtime/quota")).Body);
            Assert.Contains(location.Split('/')[^1], await ListAsync(owner, ""));
        }
    }

    [Theory, MemberData(nameof(AboutOneWithASocket))]
    public async Task A_parent_sees_and_ends_what_its_child_opens(string method, string path)
    {
        var parent = await world.NewTenantAsync();
        var child = await world.NewTenantAsync(parent.Id);
        await using var client = await LiveAsync(child);

        var told = await AskAsync(parent, method, path.Replace("{id}", client.Session, StringComparison.Ordinal));

        Assert.True((int)told.Status is 200 or 204, $"{told}");
        if (method == "DELETE")
            Assert.Equal(4002, (await client.FarewellAsync()).Code);
    }

    [Theory]
    [InlineData("GET", "/v1/sessions/{id}/observe")]
    [InlineData("POST", "/v1/sessions/{id}/observers")]
    public async Task A_foreign_session_is_not_to_be_watched(string method, string path)
    {
        var (parent, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var child = await world.NewTenantAsync(parent.Id);
        await using var parents = await LiveAsync(parent);

        foreach (var who in new[] { stranger, child })
        {
            var told = await AskAsync(who, method, path.Replace("{id}", parents.Session, StringComparison.Ordinal));

            Assert.Equal(await AskAsync(who, method, path.Replace("{id}", Absent, StringComparison.Ordinal)), told);
            Assert.Equal((HttpStatusCode.NotFound, "session_not_found"), (told.Status, JsonElement.Parse(told.Body).GetProperty("code").GetString()));
        }
    }

    [Fact]
    public async Task A_list_holds_ones_own_whatever_the_cursor()
    {
        var (one, other) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var child = await world.NewTenantAsync(one.Id);
        await using var first = await LiveAsync(one);
        await using var second = await LiveAsync(other);
        await using var third = await LiveAsync(child);
        await using var fourth = await LiveAsync(one);

        Assert.Equal([fourth.Session, third.Session, first.Session], await ListAsync(one, ""));
        Assert.Equal([third.Session], await ListAsync(child, ""));
        Assert.Equal([second.Session], await ListAsync(other, "?live=true"));
        // A cursor is a place in time and no more: another's session marks the same place as one that never was.
        Assert.Equal([first.Session], await ListAsync(one, $"?before={second.Session}"));
        Assert.Equal([], await ListAsync(other, $"?before={first.Session}"));
        Assert.Equal([third.Session, first.Session], await ListAsync(one, $"?before={fourth.Session}&limit=2"));
        Assert.Equal(await AskAsync(other, "GET", $"/v1/sessions?before={first.Session}"), await AskAsync(other, "GET", $"/v1/sessions?before={new string('0', 32)}"));
    }

    [Fact]
    public async Task What_a_credential_opens_belongs_to_its_tenant()
    {
        var (one, other) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        await using var foreign = await LiveAsync(other);
        var token = await world.MintAsync(one.Key, new { metadata = new { tenant = other.Id.ToString(), user_id = other.Name } });

        // Names of another's session and tenant in every place are words like any other.
        await using var client = await StreamClient.ConnectAsync(
            new Uri(world.StreamFor(token, "sim-idle").AbsoluteUri + $"&session_id={foreign.Session}&tenant={other.Id}"),
            reads: true, ("X-Session-Id", foreign.Session!), ("X-Tenant", other.Id.ToString()));
        await client.ExpectAsync("generation_started");

        Assert.Equal([client.Session], await ListAsync(one, ""));
        Assert.Equal([foreign.Session], await ListAsync(other, ""));
    }

    [Fact]
    public async Task A_notification_that_is_not_signed_tells_and_changes_nothing()
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        using var forged = new StringContent("""{"id":"evt_forged","type":"v1.billing.meter.error_report_triggered"}""");
        forged.Headers.Add("Stripe-Signature", $"t={TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()},v1={new string('0', 64)}");

        using var answer = await http.PostAsync("/v1/webhooks/stripe", forged);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("invalid_signature", JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("code").GetString());
        Assert.Equal(0, await world.Database.ReadAsync<long>("SELECT count(*) FROM webhook_event"));
    }

    [Fact]
    public async Task Health_tells_nothing_of_sessions()
    {
        await using var client = await LiveAsync(await world.NewTenantAsync());
        using var http = WatchedHttp.At(world.Gateway.Address);

        Assert.Equal("""{"status":"live","reasons":[]}""", await http.GetStringAsync("/healthz/live"));
        Assert.Equal("""{"status":"ready","reasons":[]}""", await http.GetStringAsync("/healthz/ready"));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/healthz/sessions")).StatusCode);
        Assert.DoesNotContain(client.Session!, await http.GetStringAsync("/openapi/v1.json"), StringComparison.Ordinal);
    }

    private async Task<StreamClient> LiveAsync(Reseller reseller)
    {
        var client = await world.ConnectAsync(reseller.Key, "sim-idle", world.NewAddress());
        await client.ExpectAsync("generation_started");
        return client;
    }

    private async Task<IReadOnlyList<string?>> ListAsync(Reseller reseller, string query)
    {
        var told = await AskAsync(reseller, "GET", "/v1/sessions" + query);
        return [.. JsonElement.Parse(told.Body).GetProperty("sessions").EnumerateArray().Select(session => session.GetProperty("id").GetString())];
    }

    private async Task<Told> AskAsync(Reseller reseller, string method, string path)
    {
        using var http = world.Http(reseller.Key);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await http.SendAsync(request);
        var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(',', header.Value)}");
        return new Told(answer.StatusCode, string.Join('\n', headers.Order()), await answer.Content.ReadAsStringAsync());
    }

    private sealed record Told(HttpStatusCode Status, string Headers, string Body);
}
