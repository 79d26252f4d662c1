using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Pictures that a list of filters names at an address which would tell whose list it is.</summary>
public partial class FilterImageScenarios(LiveStylerWorld world) : IClassFixture<LiveStylerWorld>
{
    private static readonly byte[] Png = [0x89, .. "PNG\r\n"u8, 0x1a, 0x0a, .. new byte[3_000]];

    [Fact]
    public async Task They_are_fetched_from_us_with_the_providers_own_key_and_everything_else_of_the_list_stays()
    {
        world.Provider.Filters.Shown["kept.png"] = ("image/png", Png);
        var list = List("""https:\/\/example.com\/image.jpg""", At("kept.png"), "LiveStyler", "ftp://livestyler/x");

        var links = await LinksAsync(list);

        Assert.Equal("https://example.com/image.jpg", links[0]);
        Assert.StartsWith($"{world.Gateway.Address}filter-category/image/", links[1], StringComparison.Ordinal);
        // No address at all.
        Assert.Equal(("", ""), (links[2], links[3]));
        var (answer, bytes) = await GetAsync(links[1]);
        using (answer)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(Png, bytes);
            Assert.Equal("image/png", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal(("nosniff", "*"), (answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("Access-Control-Allow-Origin").Single()));
        }

        var asked = world.Provider.Filters.Asked[^1];
        Assert.StartsWith("GET /filters/kept.png\n", asked, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Someone.Key, asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_link_that_is_opened_a_hundred_times_takes_no_more_places_than_one()
    {
        var opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Provider.Filters.Shown["busy.png"] = ("image/png", Png);
        var link = (await LinksAsync(List(At("busy.png"))))[0];

        world.Provider.Filters.Shown["calm.png"] = ("image/png", Png);
        var other = (await LinksAsync(List(At("calm.png"))))[0];
        world.Provider.Filters.Opening = opening.Task;
        var asking = Enumerable.Range(0, 100).Select(_ => GetAsync(link)).ToArray();
        await Eventually.IsAsync("the provider is asked", () => Task.FromResult(Asked() > 0));
        world.Provider.Filters.Opening = Task.CompletedTask;

        // Nobody else waits meanwhile.
        var (calm, _) = await GetAsync(other);
        opening.SetResult();
        var answers = await Task.WhenAll(asking);

        using (calm)
            Assert.Equal(HttpStatusCode.OK, calm.StatusCode);
        Assert.All(answers, one => Assert.Equal(Png, one.Bytes));
        foreach (var (answer, _) in answers)
            answer.Dispose();
        // Who comes when it has been shown asks anew.
        Assert.InRange(Asked(), 1, 20);

        int Asked() => world.Provider.Filters.Asked.Count(asked => asked.StartsWith("GET /filters/busy.png\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("missing.png", null, null)]
    [InlineData("page.png", "text/html", "<script>")]
    [InlineData("drawn.svg", "image/svg+xml", "<svg/>")]
    [InlineData("nothing.png", "", "x")]
    [InlineData("elsewhere.png", "redirect", "http://127.0.0.1:1/")]
    public async Task What_is_no_picture_is_not_there(string name, string? type, string? body)
    {
        if (type is not null)
            world.Provider.Filters.Shown[name] = (type, Encoding.UTF8.GetBytes(body!));

        var (answer, _) = await GetAsync((await LinksAsync(List(At(name))))[0]);

        using (answer)
            Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task A_picture_that_is_too_large_is_not_there()
    {
        world.Provider.Filters.Shown["large.png"] = ("image/png", new byte[4 * 1024 * 1024 + 1]);

        var (answer, _) = await GetAsync((await LinksAsync(List(At("large.png"))))[0]);

        using (answer)
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    /// <summary>A list that names what is inside: our own machine, the metadata of a cloud, another port of the provider's host.</summary>
    [Fact]
    public async Task A_list_does_not_lead_us_into_our_own_network()
    {
        var inside = List(
            "http://127.0.0.1:1/livestyler.png", "https://127.0.0.1/livestyler.png", "https://10.0.0.1/livestyler.png", "http://169.254.169.254/livestyler",
            "https://[::1]/livestyler.png", $"http://livestyler@127.0.0.1:{world.Provider.Address.Port}/filters/kept.png");
        var before = world.Provider.Filters.Asked.Count;

        foreach (var link in (await LinksAsync(inside)).Where(link => link.Length > 0))
        {
            var (answer, _) = await GetAsync(link);
            using (answer)
                Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        // The list itself.
        Assert.Equal(before + 1, world.Provider.Filters.Asked.Count);
    }

    [Fact]
    public async Task A_link_that_was_changed_or_made_up_opens_nothing()
    {
        world.Provider.Filters.Shown["mine.png"] = ("image/png", Png);
        var gone = await world.NewTenantAsync();
        var link = (await LinksAsync(List(At("mine.png")), gone.Key))[0];
        var at = link.LastIndexOf('/') + 1;
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes(At("mine.png"))).TrimEnd('=');

        string[] links = [link[..^4] + "AAAA", link[..at] + "x", link[..at] + plain, link[..at] + new string('A', 3_000), link[..at] + Uri.EscapeDataString(At("mine.png"))];
        foreach (var made in links)
        {
            var (refused, _) = await GetAsync(made);
            using (refused)
                Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        }

        var (good, _) = await GetAsync(link);
        good.Dispose();
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        // It ends with the key for which it was made.
        await world.Admin.RevokeKeyAsync(gone.KeyId);
        await world.UntilRefusedAsync(gone.Key);
        var (revoked, _) = await GetAsync(link);
        using (revoked)
            Assert.Equal(HttpStatusCode.NotFound, revoked.StatusCode);
    }

    [GeneratedRegex("\"image_url\" : \"[^\"]*\"", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Addresses();

    private string At(string name) => new Uri(world.Provider.Address, $"/filters/{name}").AbsoluteUri;

    private static string List(params string[] addresses) =>
        $$"""[{"name_en":"romantic", "filters":[{{string.Join(',', addresses.Select(address => $$"""{"code":"f","image_url" : "{{address}}"}"""))}}]}]""";

    /// <summary>The addresses of a list as its client sees it.</summary>
    private async Task<IReadOnlyList<string>> LinksAsync(string list, string? key = null)
    {
        var usual = world.Provider.Filters.Json;
        world.Provider.Filters.Json = list;
        try
        {
            using var http = world.Http(key ?? world.Someone.Key);
            var seen = await http.GetStringAsync("/filter-category/active");
            var links = JsonElement.Parse(seen)[0].GetProperty("filters").EnumerateArray().Select(filter => filter.GetProperty("image_url").GetString()!).ToList();
            Assert.DoesNotContain(world.Provider.Address.Authority, seen, StringComparison.Ordinal);
            Assert.DoesNotContain("livestyler", seen, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(Blank(list), Blank(seen));
            return links;
        }
        finally
        {
            world.Provider.Filters.Json = usual;
        }

        static string Blank(string text) => Addresses().Replace(text, "\"image_url\" : \"\"");
    }

    private static async Task<(HttpResponseMessage Answer, byte[] Bytes)> GetAsync(string link)
    {
        // As an app's pictures are loaded: without any credential.
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(20) };
        var answer = await http.GetAsync(link);
        return (answer, await answer.Content.ReadAsByteArrayAsync());
    }
}
