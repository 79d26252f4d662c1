using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Providers.LiveStyler;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator;

/// <summary>The simulated LiveStyler, without a gateway before it.</summary>
public sealed class LiveStylerTwinTests : IAsyncLifetime
{
    private readonly TestTimeProvider _time = new();
    private ProviderSimulator _simulator = null!;

    public async Task InitializeAsync() => _simulator = await ProviderSimulator.StartAsync(new() { TimeProvider = _time });

    public async Task DisposeAsync() => await _simulator.DisposeAsync();

    [Fact]
    public void Its_readme_has_a_row_for_every_model_in_this_order()
    {
        var rows = File.ReadLines(Path.Combine(Checkout.Folder, "Simulator", "Providers", "LiveStyler", "README.md")).Where(line =>
            line.StartsWith("| `ls-", StringComparison.Ordinal));

        Assert.Equal(LiveStylerScripts.All(TimeSpan.FromSeconds(1)).Select(builtIn => $"| `{builtIn.Model}` | {builtIn.Summary} |"), rows);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    public async Task Who_has_another_key_is_closed_without_a_word(string key)
    {
        await using var client = await EnterAsync(key);

        await client.FarewellAsync();

        Assert.Empty(client.All);
    }

    [Fact]
    public async Task Its_messages_are_those_of_the_page()
    {
        await using var client = await EnterAsync(_simulator.ApiKey);

        await client.UntilAnsweredAsync();
        await client.ExpectAsync("candidate");

        Assert.Equal(
            [
                """{"type":"auth_success"}""",
                """{"type":"node_status","status":"waiting"}""",
                """{"type":"answer","sdp":"v=0\r\no=- 1 1 IN IP4 203.0.113.9\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n"""
                + """a=mid:0\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n"}""",
                """{"type":"candidate","candidate":{"sdpMid":"0","sdpMLineIndex":0,"candidate":"candidate:1 1 udp 2122260223 203.0.113.9 50001 typ host"}}""",
            ],
            client.All.Select(heard => heard.Text));
    }

    [Fact]
    public async Task It_knows_how_long_it_was_used_from_its_answer_to_the_end()
    {
        await using var client = await EnterAsync(_simulator.ApiKey);
        var connection = await _simulator.NextConnectionAsync();
        await client.ExpectAsync("auth_success");
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(connection.Truth.SpanMilliseconds);
        await client.SendAsync(LiveStylerClient.Start);
        await client.SendAsync(LiveStylerClient.Offer);
        await client.ExpectAsync("candidate");

        _time.Advance(TimeSpan.FromSeconds(2.5));
        await client.CloseAsync();
        await connection.ExpectCloseAsync();
        _time.Advance(TimeSpan.FromSeconds(30));

        using var http = new HttpClient { BaseAddress = _simulator.Address };
        var told = Assert.Single((await http.GetFromJsonAsync<JsonElement[]>("/control/truth"))!);
        Assert.Equal((2_500, "ls-waiting"), (told.GetProperty("span_milliseconds").GetInt64(), told.GetProperty("model").GetString()));
    }

    [Fact]
    public async Task The_list_of_filters_is_for_who_has_the_key()
    {
        using var http = new HttpClient { BaseAddress = _simulator.Address };

        using var refused = await http.GetAsync(FilterList.Path);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(_simulator.ApiKey + ":")));
        var list = await http.GetFromJsonAsync<JsonElement>(FilterList.Path);

        Assert.Equal((HttpStatusCode.Unauthorized, """{"message":"Invalid credentials"}"""), (refused.StatusCode, await refused.Content.ReadAsStringAsync()));
        Assert.Equal("filter_01", list[0].GetProperty("filters")[0].GetProperty("code").GetString());
    }

    private async Task<StreamClient> EnterAsync(string key)
    {
        var client = await StreamClient.ConnectAsync(new Uri(_simulator.WebSocketAddress, "/client?model=ls-waiting"));
        await client.SendAsync(LiveStylerClient.Credential(key));
        return client;
    }
}
