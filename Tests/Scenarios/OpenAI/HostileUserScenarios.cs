using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>
/// Who has an end user's token, of the same tenant or of another, and knows the names of somebody else's sessions: it reads, steers, reverts and
/// ends none of them, changes no rule that they are held to, and uses up nothing that they need.
/// </summary>
public class HostileUserScenarios(SurfaceWorld world) : IClassFixture<SurfaceWorld>
{
    /// <summary>What it tries: method, path and body, where S is a session, C a call and T a tenant of the victim's.</summary>
    private static readonly (string Method, string Path, string? Body)[] Attempts =
    [
        ("GET",    "/v1/sessions/S",                       null),
        ("GET",    "/v1/sessions/S/events",                null),
        ("GET",    "/v1/sessions/S/timeline",              null),
        ("GET",    "/v1/sessions/S/observe",               null),
        ("POST",   "/v1/sessions/S/observers",             """{"grants":["read","steer","end"]}"""),
        ("PATCH",  "/v1/sessions/S",                       """{"candidates":[null]}"""),
        ("POST",   "/v1/sessions/S/prompt",                """{"prompt":"mine now"}"""),
        ("POST",   "/v1/sessions/S/image",                 """{"image_data":null}"""),
        ("DELETE", "/v1/sessions/S",                       null),
        ("DELETE", "/whip/sessions/S",                     null),
        ("POST",   "/v1/realtime/sessions/S/prompt",       """{"prompt":"mine now"}"""),
        ("DELETE", "/v1/realtime/sessions/S",              null),
        ("GET",    "/v1/realtime/sessions/S/events?event_token=E", null),
        ("POST",   "/v1/realtime/calls/C/hangup",          null),
        ("POST",   "/v1/realtime/calls/C/accept",          """{"type":"realtime"}"""),
        ("POST",   "/v1/realtime/calls/C/refer",           """{"target_uri":"tel:1"}"""),
        ("GET",    "/v1/realtime?call_id=C",               null),
        ("PUT",    "/v1/tenants/T/policy",                 """{"policy":null}"""),
        ("DELETE", "/v1/tenants/T/policy",                 null),
        ("PUT",    "/v1/tenants/T/settings",               """{"errorTexts":{}}"""),
        ("POST",   "/v1/client/tokens",                    "{}"),
        ("POST",   "/v1/realtime/client_secrets",          "{}"),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_end_users_sessions_are_out_of_reach(bool isOfSameTenant)
    {
        var tenant = await OpenAIPolicyScenarios.NewTenantAsync(world, """{"locked":[{"type":"session.update","path":"session.instructions"}]}""");
        var stranger = isOfSameTenant ? tenant : await world.NewTenantAsync();
        var token = await world.MintAsync(stranger.Key);
        var (session, call) = (await OpenAsync(await world.MintAsync(tenant.Key)), await world.CallAsync(await world.MintAsync(tenant.Key), "test-voice-victim"));
        var upstream = await world.Provider.NextConnectionAsync("test-surface");
        await world.PhaseAsync(tenant, session, "generating");
        await world.PhaseAsync(tenant, call.Session, "generating");
        var (_, own) = await OpenOwnAsync(token);
        var before = upstream.ReceivedCount;

        foreach (var (method, path, body) in Attempts)
        {
            // Each from an address of its own: none is spared by being throttled.
            using var http = world.Rest(token);
            var address = path.Replace("/S", $"/{session}", StringComparison.Ordinal).Replace("/C/", $"/{call.Id}/", StringComparison.Ordinal)
                .Replace("=C", $"={call.Id}", StringComparison.Ordinal).Replace("/T/", $"/{tenant.Id}/", StringComparison.Ordinal)
                .Replace("=E", $"={Uri.EscapeDataString(own)}", StringComparison.Ordinal);
            using var answer = path.Contains("observe", StringComparison.Ordinal) || path.Contains("call_id", StringComparison.Ordinal)
                ? await RawHttp.UpgradeAsync(http, address)
                : await SendAsync(http, method, address, body);
            Assert.True(
                answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed,
                $"{method} {path} was answered with {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        Assert.Equal(before, upstream.ReceivedCount);
        Assert.DoesNotContain(call.Upstream.Connections.SelectMany(connection => connection.Received), text => text.Length > 0);
        Assert.False(call.Upstream.Over.IsCompleted);
        foreach (var id in new[] { session, call.Session })
        {
            Assert.Equal("generating", (await world.SessionAsync(tenant, id)).GetProperty("phase").GetString());
            Assert.DoesNotContain(await world.TimelineAsync(tenant, id), one => one.GetProperty("kind").GetString() is "steered" or "policy_violation");
        }

        // What the victim is held to still is.
        Assert.Null(await call.Upstream.SayAsync("""{"type":"session.update","session":{"instructions":"x"}}"""));
        await Eventually.IsAsync("the victim's settings are held", () => Task.FromResult(call.Upstream.Settings.Contains("\"instructions\":null", StringComparison.Ordinal)));
        Assert.True((await world.TellAsync(tenant.Key, call.Id, "hangup")).IsSuccessStatusCode);
    }

    /// <summary>Whose own session is reverted again and again ends; nobody else's is, though all of them share policy, provider and address.</summary>
    [Fact]
    public async Task Who_provokes_reverts_without_end_ends_its_own_session_alone()
    {
        var tenant = await OpenAIPolicyScenarios.NewTenantAsync(world, """{"locked":[{"type":"session.update","path":"session.instructions"}]}""");
        var hostile = await world.CallAsync(await world.MintAsync(tenant.Key), "test-voice-hostile");
        var victim = await world.CallAsync(await world.MintAsync(tenant.Key), "test-voice-calm");
        await world.PhaseAsync(tenant, victim.Session, "generating");

        for (var i = 0; i < 200 && !hostile.Upstream.Over.IsCompleted; i++)
        {
            await hostile.Upstream.SayAsync($$$"""{"type":"session.update","event_id":"event_restored","session":{"instructions":"again {{{i}}}"}}""");
            await Eventually.IsAsync("it is changed back, or over", () => Task.FromResult(
                hostile.Upstream.Over.IsCompleted || hostile.Upstream.Settings.Contains("\"instructions\":null", StringComparison.Ordinal)));
        }

        Assert.Equal("policy_violation", await world.EndOfAsync(tenant, hostile.Session));
        Assert.Equal("generating", (await world.SessionAsync(tenant, victim.Session)).GetProperty("phase").GetString());
        Assert.DoesNotContain(await world.TimelineAsync(tenant, victim.Session), one => one.GetProperty("kind").GetString() == "policy_violation");
        Assert.True((await world.TellAsync(tenant.Key, victim.Id, "hangup")).IsSuccessStatusCode);
    }

    private async Task<string> OpenAsync(string token)
    {
        using var http = world.Rest(token);
        using var opened = await SendAsync(http, "POST", "/v1/sessions", JsonSerializer.Serialize(new { model = "test-surface", sdp = HttpWorld.Offer }));
        Assert.True(opened.StatusCode is HttpStatusCode.Created, await opened.Content.ReadAsStringAsync());
        return opened.Headers.Location!.ToString().Split('/')[^1];
    }

    /// <summary>A session of the stranger's own, with the token that opens its events.</summary>
    private async Task<(string Session, string EventToken)> OpenOwnAsync(string token)
    {
        using var http = world.Rest(token);
        using var opened = await SendAsync(
            http, "POST", "/v1/realtime/sessions", JsonSerializer.Serialize(new { model = "test-surface-own", sdp = new { type = "offer", sdp = HttpWorld.Offer } }));
        Assert.True(opened.StatusCode is HttpStatusCode.Created, await opened.Content.ReadAsStringAsync());
        var body = JsonElement.Parse(await opened.Content.ReadAsByteArrayAsync());
        return (body.GetProperty("session_id").GetString()!, body.GetProperty("events").GetProperty("event_token").GetString()!);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient http, string method, string address, string? body)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), address);
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
