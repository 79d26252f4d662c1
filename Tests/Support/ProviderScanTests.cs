using System.Buffers;
using System.Text;
using Orchestrator.Tests.Providers.Decart;

namespace Orchestrator.Tests.Support;

/// <summary>What the watch over every byte finds, and what it lets pass.</summary>
public class ProviderScanTests
{
    private static readonly HashSet<string> Excepted = ["sdp", "livekit_url"];

    [Theory]
    [InlineData("""{"error":"DeCart says no"}""", 1)]
    [InlineData("""{"decart":1}""", 1)]
    [InlineData("""{"a":["x","d\u0065cart"]}""", 1)]
    [InlineData("""{"a":"d\u0065\u0063art and decart"}""", 2)]
    [InlineData("""{"sdp":"o=decart 1"}""", 0)]
    [InlineData("""{"s\u0064p" : "o=decart \" decart"}""", 0)]
    [InlineData("""{"sdp":{"sdp":"o=decart"},"x":"decart"}""", 1)]
    [InlineData("""{"sdp":{"type":"decart"}}""", 1)]
    [InlineData("""{"x":"sdp","y":"decart"}""", 1)]
    [InlineData("""["sdp","decart"]""", 1)]
    [InlineData("""{"sdp":null,"y":"decart"}""", 1)]
    [InlineData("HTTP/1.1 200 OK\r\nServer: decart\r\n", 1)]
    [InlineData("an odd \" and then decart", 1)]
    [InlineData("data: {\"sdp\":\"decart\ndata: {\"x\":\"decart\"}\n", 1)]
    [InlineData("api3.dec" + "art.ai", 1)]
    [InlineData("dec art", 0)]
    public void Words_are_found_wherever_they_stand_but_in_what_is_excepted(string text, int times)
    {
        foreach (var piece in new[] { 1, 2, 7, int.MaxValue })
            Assert.Equal(times, Found(Encoding.UTF8.GetBytes(text), piece));
    }

    [Fact]
    public void A_word_is_found_at_every_place_of_much_text()
    {
        foreach (var at in Enumerable.Range(16 * 1024 - 300, 600).Append(1_000_000))
        {
            var text = new byte[1_000_020];
            text.AsSpan().Fill((byte)'x');
            "decart"u8.CopyTo(text.AsSpan(at));
            Assert.Equal(1, Found(text, int.MaxValue));
        }
    }

    [Theory]
    [InlineData("/v1/sessions/x/events", true)]
    [InlineData("/v1/sessions/x", false)]
    public async Task An_answer_over_HTTP_is_searched_as_it_is_read_and_the_tenants_own_may_name_whom_it_resells(string path, bool isFound)
    {
        await using var provider = await HttpProvider.StartAsync();
        provider.Answer = context => HttpProvider.WriteAsync(
            context, 200, $"data: {{\"x\":\"{new string('x', 300_000)}\"}}\n\ndata: {{\"x\":\"api3.decart.ai\"}}\n\n", type: "text/event-stream");
        using var http = WatchedHttp.At(provider.Address);

        using var answer = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        ProviderWatch.AssertNone([provider.Address.Port]);
        await answer.Content.CopyToAsync(Stream.Null);

        Assert.Equal(isFound, Record.Exception(() => ProviderWatch.AssertNone([provider.Address.Port])) is not null);
    }

    private static int Found(byte[] bytes, int piece)
    {
        var times = 0;
        var scan = new ProviderScan(SearchValues.Create(["decart"], StringComparison.OrdinalIgnoreCase), longest: 6, Excepted, _ => times++);
        for (var from = 0; from < bytes.Length; from += Math.Min(piece, bytes.Length - from))
            scan.Feed(bytes.AsSpan(from, Math.Min(piece, bytes.Length - from)));
        scan.End();
        return times;
    }
}
