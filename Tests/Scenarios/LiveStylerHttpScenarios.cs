using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A LiveStyler world whose clients hold no WebSocket.</summary>
public class LiveStylerHttpWorld : LiveStylerWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["HttpSessions:GatherTimeout"] = "00:00:00.3",
        ["HttpSessions:AnswerTimeout"] = "00:00:08",
        ["HttpSessions:PromptTimeout"] = "00:00:03",
    };
}

/// <summary>Sessions by JSON and by WHIP, bridged to providers of LiveStyler's dialect in both of its versions, and metered by our clock.</summary>
public class LiveStylerHttpScenarios(LiveStylerHttpWorld world) : IClassFixture<LiveStylerHttpWorld>
{
    private const long ToleranceMs = 250;
    private const string Candidate = "candidate:1 1 udp 2122260223 192.0.2.7 50001 typ host";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData("ls-waiting", "session_start", "candidate", "candidate")]
    [InlineData("ls-2025-07", "offer", "ice_candidate", "payload")]
    public async Task A_session_by_JSON_speaks_its_providers_version(string model, string first, string type, string member)
    {
        var tenant = await world.NewTenantAsync();
        using var http = world.Http(tenant.Key);

        using var opened = await http.PostAsJsonAsync("/v1/sessions", new { model, sdp = HttpWorld.Offer });
        var upstream = await world.Provider.NextConnectionAsync(model, Patience);
        var body = await opened.Content.ReadAsStringAsync();
        Assert.True(opened.StatusCode is HttpStatusCode.Created, body);
        var (location, tag) = (opened.Headers.Location!.ToString(), opened.Headers.ETag!.Tag);
        using var patch = new HttpRequestMessage(HttpMethod.Patch, location)
        {
            Content = JsonContent.Create(new { candidates = new object?[] { new { candidate = Candidate, sdpMid = "0", sdpMLineIndex = 0, usernameFragment = "Ab3d" }, null } }),
        };
        patch.Headers.TryAddWithoutValidation("If-Match", tag);
        using var patched = await http.SendAsync(patch);

        Assert.Equal(HttpStatusCode.NoContent, patched.StatusCode);
        Assert.StartsWith("v=0", JsonElement.Parse(body).GetProperty("sdp").GetProperty("sdp").GetString(), StringComparison.Ordinal);
        var candidate = JsonElement.Parse((await upstream.ExpectAsync(type)).Text).GetProperty(member);
        Assert.Equal((Candidate, false), (candidate.GetProperty("candidate").GetString(), candidate.TryGetProperty("usernameFragment", out _)));
        Assert.Equal(["CREDENTIAL", first], upstream.Received.Take(2).Select(frame => frame.Name));

        // The protocol has no words for these, and nothing is made up.
        using var prompted = await http.PostAsJsonAsync($"{location}/prompt", new { prompt = "a castle" });
        using var pictured = await http.PostAsJsonAsync($"{location}/image", new { image_data = "AAAA" });
        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "not_supported", prompted);
        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "not_supported", pictured);

        await EndAsync(tenant, http, location, upstream, "ended_by_tenant");
    }

    [Theory]
    [InlineData("ls-provisioning")]
    [InlineData("ls-2025-07")]
    public async Task A_session_by_WHIP_has_the_providers_candidates_in_its_answer(string model)
    {
        var tenant = await world.NewTenantAsync();
        using var http = world.Http(await world.MintAsync(tenant.Key));
        http.DefaultRequestHeaders.Authorization = new("Bearer", http.DefaultRequestHeaders.GetValues("X-API-KEY").Single());

        using var opened = await HttpWorld.WhipAsync(http, model);
        var upstream = await world.Provider.NextConnectionAsync(model, Patience);

        Assert.True(opened.StatusCode is HttpStatusCode.Created, await opened.Content.ReadAsStringAsync());
        Assert.Contains("a=candidate:1 1 udp 2122260223 203.0.113.9 50001 typ host", await opened.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await EndAsync(tenant, http, opened.Headers.Location!.ToString(), upstream, "client_closed");
    }

    [Theory]
    [InlineData("ls-full")]
    [InlineData("ls-no-node")]
    [InlineData("ls-no-start")]
    public async Task Where_there_is_no_node_the_client_is_told_to_come_back(string model)
    {
        var tenant = await world.NewTenantAsync();
        using var http = world.Http(tenant.Key);

        using var refused = await http.PostAsJsonAsync("/v1/sessions", new { model, sdp = HttpWorld.Offer });

        await RawHttp.AssertProblemAsync(HttpStatusCode.ServiceUnavailable, "upstream_full", refused);
        Assert.NotNull(refused.Headers.RetryAfter);
        await world.EndOfAsync(tenant, await world.SessionOfAsync(tenant));
    }

    private async Task EndAsync(Reseller tenant, HttpClient http, string location, ProviderConnection upstream, string code)
    {
        var session = location.Split('/')[^1];
        await world.SeesAsync(tenant, session, "has generated a second", seen => seen.GetProperty("seconds").GetDecimal() >= 1);
        using var ended = await http.DeleteAsync(location);
        Assert.True(ended.IsSuccessStatusCode, await ended.Content.ReadAsStringAsync());
        Assert.Equal(code, await world.EndOfAsync(tenant, session));
        await upstream.ExpectCloseAsync(Patience);
        var book = await Books.OfAsync(world.Database, session);
        Books.AssertClosed(book);
        var span = upstream.Truth.SpanMilliseconds ?? throw new InvalidOperationException("The provider never answered.");
        Assert.True(Math.Abs(span - book.MarkMs) <= ToleranceMs, $"The provider was used for {span} ms, and {book.MarkMs} ms are in the ledger.");
    }
}
