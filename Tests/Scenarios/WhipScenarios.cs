using System.Net;
using System.Text;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>RFC 9725 as its clients speak it, bridged to a provider of dialect A.</summary>
public class WhipScenarios(HttpWorld world) : IClassFixture<HttpWorld>
{
    private const string Fragment = "a=ice-ufrag:Ab3d\r\na=ice-pwd:x\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n";
    private const string Host = "a=candidate:1 1 udp 2122260223 192.0.2.7 50001 typ host\r\n";
    private const string SdpFragment = "application/trickle-ice-sdpfrag";

    [Fact]
    public async Task A_client_opens_trickles_and_ends_and_has_the_providers_candidates_in_the_answer()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-whip", Script.Begin.SendSessionId().Expect("offer").SendAnswer().SendIce(2, end: true).GenerationStarted());
        using var http = Bearer(await world.MintAsync(reseller.Key));

        using var opened = await HttpWorld.WhipAsync(http, "test-whip");
        var upstream = await world.Provider.NextConnectionAsync("test-whip");
        var answer = await opened.Content.ReadAsStringAsync();
        var location = opened.Headers.Location!.ToString();
        var tag = opened.Headers.ETag!.Tag;

        Assert.True(opened.StatusCode is HttpStatusCode.Created, answer);
        Assert.Equal("application/sdp", opened.Content.Headers.ContentType?.MediaType);
        Assert.Matches(@"a=candidate:1 .*\r\na=candidate:2 .*\r\na=end-of-candidates\r\n$", answer);
        Assert.Contains("ETag", opened.Headers.GetValues("Access-Control-Expose-Headers").Single(), StringComparison.Ordinal);

        using var trickled = await PatchAsync(http, location, tag, Fragment + Host);
        using var end = await PatchAsync(http, location, tag, Fragment + "a=end-of-candidates\r\n");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (trickled.StatusCode, end.StatusCode));
        Assert.Null(trickled.Headers.ETag);
        Assert.Contains("50001", (await upstream.ExpectAsync("ice-candidate")).Text, StringComparison.Ordinal);
        Assert.Contains("null", (await upstream.ExpectAsync("ice-candidate")).Text, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, (await http.GetAsync(location)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.DeleteAsync(location)).StatusCode);
        Assert.Contains((await http.DeleteAsync(location)).StatusCode, new[] { HttpStatusCode.NotFound, HttpStatusCode.Gone });
        await upstream.Completion.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("client_closed", await world.EndOfAsync(reseller, location.Split('/')[^1]));
    }

    [Fact]
    public async Task A_patch_is_judged_by_type_tag_and_generation()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-whip-rules", Script.Begin.SendSessionId().Expect("offer").SendAnswer().SendIce(1, end: true));
        using var http = Bearer(reseller.Key);
        using var opened = await HttpWorld.WhipAsync(http, "test-whip-rules");
        var (location, tag) = (opened.Headers.Location!.ToString(), opened.Headers.ETag!.Tag);
        var restart = Fragment.Replace("Ab3d", "Zz9z", StringComparison.Ordinal) + Host;

        (string? Tag, string Body, string Type, HttpStatusCode Status)[] rules =
        [
            (tag,         Fragment + Host, SdpFragment,        HttpStatusCode.NoContent),
            (null,        Fragment + Host, SdpFragment,        HttpStatusCode.PreconditionRequired),
            ("\"old\"",   Fragment + Host, SdpFragment,        HttpStatusCode.PreconditionFailed),
            (tag,         Fragment + Host, "application/json", HttpStatusCode.UnsupportedMediaType),
            (tag,         "hello",         SdpFragment,        HttpStatusCode.BadRequest),
            ("*",         restart,         SdpFragment,        HttpStatusCode.UnprocessableEntity),
            ("\"*\"",     restart,         SdpFragment,        HttpStatusCode.UnprocessableEntity),
            (tag,         restart,         SdpFragment,        HttpStatusCode.UnprocessableEntity),
        ];
        foreach (var (match, body, type, status) in rules)
        {
            using var answer = await PatchAsync(http, location, match, body, type);
            Assert.True(status == answer.StatusCode, $"{match} {type}: {(int)answer.StatusCode}");
        }

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.PutAsync(location, null)).StatusCode);
    }

    [Fact]
    public async Task A_post_is_judged_before_anything_is_dialled()
    {
        using var http = Bearer((await world.NewTenantAsync()).Key);
        using var nobody = WatchedHttp.At(world.Gateway.Address);
        nobody.DefaultRequestHeaders.Add("X-Forwarded-For", world.NewAddress().Value);

        Assert.Equal(HttpStatusCode.Unauthorized, (await HttpWorld.WhipAsync(nobody, "sim-demo")).StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await HttpWorld.WhipAsync(http, "sim-demo", type: "application/json")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await HttpWorld.WhipAsync(http, "sim-demo", "hello")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await HttpWorld.WhipAsync(http, "sim-demo", HttpWorld.Offer.Replace("sendrecv", "recvonly",
            StringComparison.Ordinal))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await HttpWorld.WhipAsync(http, "unknown")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await http.GetAsync("/whip/sim-demo")).StatusCode);
    }

    [Theory]
    [InlineData("/whip/sim-demo", "application/sdp")]
    [InlineData("/whip", "application/sdp")]
    [InlineData("/whip/sessions/0123456789abcdef0123456789abcdef", null)]
    [InlineData("/v1/sessions", null)]
    [InlineData("/v1/realtime/sessions/0123456789abcdef0123456789abcdef/prompt", null)]
    public async Task A_page_may_ask_what_it_may_ask(string path, string? acceptPost)
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("Origin", "https://shop.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");

        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("If-Match", answer.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        Assert.Equal(acceptPost, answer.Headers.TryGetValues("Accept-Post", out var types) ? types.Single() : null);
    }

    private HttpClient Bearer(string credential)
    {
        var http = WatchedHttp.At(world.Gateway.Address, TimeSpan.FromSeconds(15));
        http.DefaultRequestHeaders.Authorization = new("Bearer", credential);
        return http;
    }

    private static async Task<HttpResponseMessage> PatchAsync(HttpClient http, string location, string? tag, string body, string type = SdpFragment)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, location) { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = new(type);
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        return await http.SendAsync(request);
    }
}
