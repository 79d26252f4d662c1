using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The list of filters that LiveStyler's SDKs fetch when they connect.</summary>
public sealed class FilterListScenarios(LiveStylerWorld world) : IClassFixture<LiveStylerWorld>, IDisposable
{
    private const string Path = "/filter-category/active";
    private const string Invalid = """{"message":"Invalid credentials"}""";
    private const string Unavailable = """{"message":"Server unavailable, please try again later"}""";

    private readonly string _json = world.Provider.Filters.Json;

    public void Dispose()
    {
        var filters = world.Provider.Filters;
        (filters.Json, filters.Status, filters.ContentType) = (_json, 200, "application/json");
    }

    [Fact]
    public async Task It_is_the_providers_byte_for_byte_and_asked_for_with_the_providers_own_key()
    {
        var token = await world.MintAsync(world.Someone.Key);
        (string Name, string Value)[] credentials =
        [
            ("Authorization", Basic(world.Someone.Key + ":")), ("Authorization", Basic(token + ":")),
            ("Authorization", $"Bearer {world.Someone.Key}"), ("X-API-KEY", world.Someone.Key),
        ];

        foreach (var credential in credentials)
        {
            var (status, body, headers) = await AskAsync(credential);
            Assert.Equal((HttpStatusCode.OK, _json), (status, body));
            Assert.DoesNotContain(world.Provider.ApiKey, headers, StringComparison.Ordinal);
        }

        Assert.All(world.Provider.Filters.Asked, asked =>
        {
            Assert.Contains($"Authorization: {Basic(world.Provider.ApiKey + ":")}", asked, StringComparison.Ordinal);
            Assert.DoesNotContain(world.Someone.Key, asked, StringComparison.Ordinal);
            Assert.DoesNotContain(token, asked, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Who_has_no_credential_of_ours_is_told_so_in_the_providers_words()
    {
        var gone = await world.NewTenantAsync();
        await world.Admin.RevokeKeyAsync(gone.KeyId);
        await world.UntilRefusedAsync(gone.Key);
        var key = world.Someone.Key;
        (string, string)[] bad =
        [
            ("X-None", "x"), ("Authorization", Basic(gone.Key + ":")), ("Authorization", Basic(key + ":password")), ("Authorization", Basic(key)),
            ("Authorization", Basic(":" + key)), ("Authorization", "Basic"), ("Authorization", "Basic !!!"), ("Authorization", $"Digest {key}"),
        ];

        foreach (var credential in bad)
        {
            var (status, body, headers) = await AskAsync(credential);
            Assert.Equal((HttpStatusCode.Unauthorized, Invalid), (status, body));
            Assert.DoesNotContain("WWW-Authenticate", headers, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData(401, "application/json", HttpStatusCode.BadGateway)]
    [InlineData(302, "application/json", HttpStatusCode.BadGateway)]
    [InlineData(500, "application/json", HttpStatusCode.BadGateway)]
    [InlineData(429, "application/json", HttpStatusCode.ServiceUnavailable)]
    [InlineData(503, "text/html", HttpStatusCode.ServiceUnavailable)]
    [InlineData(200, "text/html", HttpStatusCode.BadGateway)]
    public async Task What_is_wrong_between_us_and_the_provider_is_not_the_clients_to_see(int status, string type, HttpStatusCode told)
    {
        var filters = world.Provider.Filters;
        (filters.Status, filters.ContentType, filters.Json) = (status, type, $$"""{"message":"LiveStyler does not know {{world.Provider.ApiKey}}"}""");

        var (answered, body, _) = await AskAsync(("X-API-KEY", world.Someone.Key));

        Assert.Equal(told, answered);
        Assert.Contains(body, new[] { Unavailable, """{"message":"Server at capacity, please try again later"}""" });
    }

    [Fact]
    public async Task A_list_that_is_too_long_or_holds_our_key_does_not_pass_as_it_is()
    {
        var filters = world.Provider.Filters;
        filters.Json = $"[\"{new string('x', 2 * 1024 * 1024)}\"]";
        Assert.Equal((HttpStatusCode.BadGateway, Unavailable), await AskAsync(("X-API-KEY", world.Someone.Key)) is var (status, body, _) ? (status, body) : default);

        filters.Json = $"[\"{world.Provider.ApiKey}\"]";
        Assert.Equal("[\"***\"]", (await AskAsync(("X-API-KEY", world.Someone.Key))).Body);
    }

    [Fact]
    public async Task A_page_in_a_browser_may_ask_for_it()
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, Path);
        preflight.Headers.Add("Origin", "https://shop.example");
        preflight.Headers.Add("Access-Control-Request-Method", "GET");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization");

        using var allowed = await http.SendAsync(preflight);
        var (_, _, headers) = await AskAsync(("X-API-KEY", world.Someone.Key));

        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Contains("Authorization", allowed.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        Assert.Equal("*", allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("Access-Control-Allow-Origin: *", headers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_without_a_list_has_none()
    {
        var (status, body, _) = await AskAsync(("X-API-KEY", world.Someone.Key), Path + "?model=ls-full");

        Assert.Equal((HttpStatusCode.NotFound, """{"message":"Model not allowed"}"""), (status, body));
    }

    private static string Basic(string pair) => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))).ToString();

    private async Task<(HttpStatusCode Status, string Body, string Headers)> AskAsync((string Name, string Value) credential, string path = Path)
    {
        using var http = WatchedHttp.At(world.Gateway.Address, TimeSpan.FromSeconds(15));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(credential.Name, credential.Value);
        var (name, value) = world.NewAddress();
        request.Headers.Add(name, value);
        using var answer = await http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), $"{answer.Headers}{answer.Content.Headers}");
    }
}
