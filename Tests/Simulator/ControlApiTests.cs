using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Simulator;

public sealed class ControlApiTests : IAsyncLifetime, IDisposable
{
    private readonly HttpClient _http = new();
    private ProviderSimulator _simulator = null!;

    public async Task InitializeAsync()
    {
        _simulator = await ProviderSimulator.StartAsync(new() { ApiKey = "dct secret" });
        _http.BaseAddress = _simulator.Address;
    }

    public async Task DisposeAsync() => await _simulator.DisposeAsync();

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("/healthz/live")]
    [InlineData("/healthz/ready")]
    public async Task It_says_that_it_is_well(string path) => Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync(path)).StatusCode);

    [Fact]
    public async Task A_script_that_was_put_is_listed_and_played()
    {
        var put = await _http.PutAsync("/control/scripts/mine", new StringContent("""[{"step":"status","text":"hello"},{"step":"close","code":1000}]"""));

        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        var listed = await _http.GetFromJsonAsync<JsonElement>("/control/scripts");
        Assert.Equal("hello", listed.GetProperty("mine").GetProperty("steps")[0].GetProperty("text").GetString());
        Assert.True(listed.TryGetProperty("sim-demo", out _));
        await using var client = await PlainClient.ConnectAsync(_simulator, "mine");
        Assert.Equal(["status:hello", "close:1000"], await client.HearAllAsync());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""[{"step":"dance"}]""")]
    [InlineData("""[{"step":"close","code":70000}]""")]
    public async Task What_is_no_script_is_refused_and_changes_nothing(string body)
    {
        var put = await _http.PutAsync("/control/scripts/sim-demo", new StringContent(body));

        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        Assert.Equal("This is not a script", (await put.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("title").GetString());
        var listed = await _http.GetFromJsonAsync<JsonElement>("/control/scripts");
        Assert.Equal("session_id", listed.GetProperty("sim-demo").GetProperty("steps")[0].GetProperty("step").GetString());
    }

    [Fact]
    public async Task The_truth_is_told_newest_first_and_by_session()
    {
        _simulator.Play("m", Script.Begin.GenerationStarted().Tick(1.5m).TickRaw("true").GenerationEnded("error").Close(1000, "bye"));
        await PlayOnceAsync();
        await PlayOnceAsync();
        var (first, second) = (_simulator.Connections[0], _simulator.Connections[1]);

        var list = await _http.GetFromJsonAsync<JsonElement>("/control/truth?limit=1");
        var line = Assert.Single(list.EnumerateArray());
        Assert.Equal(second.Id, line.GetProperty("session_id").GetString());
        Assert.Equal((2, 1500), (line.GetProperty("ticks").GetInt64(), line.GetProperty("max_milliseconds").GetInt64()));
        Assert.False(line.TryGetProperty("entries", out _));

        var detail = await _http.GetFromJsonAsync<JsonElement>($"/control/truth/{first.Id}");
        Assert.Equal(
            ["peer_closed", "closed", "ended", "tick", "tick", "started"],
            detail.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("kind").GetString()));
        Assert.Equal("1.5", detail.GetProperty("entries")[4].GetProperty("text").GetString());

        var sent = Uri.EscapeDataString(first.Truth.Ticks[0].At.ToString("O"));
        var dated = await _http.GetFromJsonAsync<JsonElement>($"/control/truth?before={sent}");
        Assert.Equal([0, 1500], dated.EnumerateArray().Select(session => session.GetProperty("max_milliseconds_before").GetInt64()));
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync("/control/truth/sim-none")).StatusCode);
    }

    [Fact]
    public async Task Connections_show_what_came_except_the_key_that_belongs_here()
    {
        await using var client = await PlainClient.ConnectAsync(
            new Uri(_simulator.StreamFor("sim-idle") + "&token=ek_client"), ("X-Api-Key", "dct secret"), ("Authorization", "Bearer ek_client"));
        var connection = await _simulator.NextConnectionAsync();
        await client.SendAsync("""{"type":"prompt","prompt":"x"}""");
        await connection.ExpectAsync("prompt");

        var text = await _http.GetStringAsync("/control/connections");

        using var json = JsonDocument.Parse(text);
        var line = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal("?api_key=***&model=sim-idle&token=ek_client", line.GetProperty("query").GetString());
        Assert.Contains("Authorization: Bearer ek_client", line.GetProperty("headers").EnumerateArray().Select(header => header.GetString()));
        Assert.Equal((true, 1), (line.GetProperty("open").GetBoolean(), line.GetProperty("received_frames").GetInt32()));
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_can_be_dropped_from_outside()
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, "sim-idle");
        var connection = await _simulator.NextConnectionAsync();
        await client.HearAllAsync(2);

        Assert.Equal(HttpStatusCode.NoContent, (await _http.DeleteAsync($"/control/connections/{connection.Id}")).StatusCode);

        Assert.Equal("reset", await client.HearAsync());
        await connection.ExpectCloseAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await _http.DeleteAsync($"/control/connections/{connection.Id}")).StatusCode);
        var line = Assert.Single((await _http.GetFromJsonAsync<JsonElement>("/control/connections")).EnumerateArray());
        Assert.True(line.GetProperty("farewell").GetProperty("by_simulator").GetBoolean());
    }

    private async Task PlayOnceAsync()
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, "m");
        await client.HearAllAsync();
        await (await _simulator.NextConnectionAsync()).ExpectCloseAsync();
    }
}
