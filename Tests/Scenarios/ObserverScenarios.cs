using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Servers of a tenant watch, steer and end the sessions of its users.</summary>
public class ObserverScenarios(ObserverWorld world) : IClassFixture<ObserverWorld>
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);
    private static readonly string[] ReadAndSteer = ["read", "steer"];

    [Fact]
    public async Task An_observer_is_told_every_frame_what_happens_and_the_final_mark()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-observed", Script.Begin
            .SendSessionId().Queue(2, 5).Expect("offer").GenerationStarted().Ticks(3, Beat, from: 0.5m, step: 0.5m).Expect("go").GenerationEnded("disconnect").Close(1000));
        await using var client = await world.ConnectAsync(reseller.Key, "test-observed", world.NewAddress());
        await client.ExpectAsync("queue_position");
        await client.OfferAsync();
        await client.TicksAsync(3);

        await using var observer = await world.ObserveAsync(reseller.Key, client.Session!);
        await client.SendAsync($$"""{"type":"set_image","image_data":"{{new string('A', 50_000)}}"}""");
        await client.SendAsync(WebSocketMessageType.Binary, new byte[] { 1, 2, 3 });
        await client.SendAsync("""{"type":"go","token":"a secret"}""");
        var ended = await ObserverWorld.FrameAsync(observer, "session.ended");
        var farewell = await observer.FarewellAsync();

        var told = observer.All.Select(heard => JsonElement.Parse(heard.Bytes)).ToList();
        Assert.Equal(told.Count, ObserverWorld.AssertInOrder(observer));
        Assert.Equal("""{"type":"session.ended","seconds":1.500,"code":4001,"reason":"completed"}""", ended.GetProperty("frame").GetRawText());
        Assert.Equal(("lifecycle", told.Count), (ended.GetProperty("from").GetString(), ended.GetProperty("seq").GetInt32()));
        Assert.Equal((1000, "Session ended"), (farewell.Code, farewell.Reason));
        Assert.Contains(told, one => ObserverWorld.TypeOf(one) == "offer" && one.GetProperty("from").GetString() == "client");
        Assert.Contains(told, one => ObserverWorld.TypeOf(one) == "session.updated" && one.GetProperty("frame").TryGetProperty("queue_position", out _));
        Assert.Contains(told, one => ObserverWorld.TypeOf(one) == "generation.started");
        Assert.Contains(told, one => ObserverWorld.TypeOf(one) == "generation.ended" && one.GetProperty("frame").GetProperty("seconds").GetDecimal() == 1.5m);
        Assert.Equal(3, told.Count(one => ObserverWorld.TypeOf(one) == "generation_tick"));
        var image = Assert.Single(told, one => one.TryGetProperty("elided", out _));
        Assert.Equal(("set_image", 50_036), (image.GetProperty("frame_type").GetString(), image.GetProperty("length").GetInt32()));
        Assert.Single(told, one => one.TryGetProperty("binary", out _));
        Assert.Contains(told, one => one.ToString().Contains("""{"type":"go","token":"***"}""", StringComparison.Ordinal));
        await world.EndOfAsync(reseller, client.Session!);
        Assert.Equal(1.5m, (await world.SessionAsync(reseller, client.Session!)).GetProperty("seconds").GetDecimal());
    }

    [Fact]
    public async Task What_a_server_steers_reaches_the_provider_and_is_marked_with_its_key()
    {
        var reseller = await world.NewTenantAsync();
        var (client, upstream) = await world.OpenAsync(reseller, "test-held");
        await using var _ = client;
        await using var observer = await world.ObserveAsync(reseller.Key, client.Session!);

        await observer.SendAsync("""{"type":"steer","id":"7","frame":{ "type":"prompt", "prompt":"by the server" }}""");
        var ack = await observer.ExpectAsync("ack");
        var frame = await upstream.ExpectAsync("prompt");

        Assert.Equal("""{"type":"ack","command":"steer","id":"7","ok":true}""", ack.Text);
        Assert.Equal("""{ "type":"prompt", "prompt":"by the server" }""", frame.Text);
        await Eventually.IsAsync("observers see who spoke", () =>
            Task.FromResult(observer.All.Any(heard => heard.Text.Contains("\"from\":\"server\"", StringComparison.Ordinal))));
        var mark = await Eventually.SeesAsync("the mark", async () => (await world.TimelineAsync(reseller, client.Session!))
            .Where(one => one.GetProperty("kind").GetString() == "steered").ToList(), marks => marks.Count > 0);
        Assert.Equal($"key:{reseller.KeyId:N}", mark[0].GetProperty("detail").GetProperty("by").GetString());
        Assert.Equal(("prompt", 1), (mark[0].GetProperty("detail").GetProperty("frame").GetString(), mark[0].GetProperty("detail").GetProperty("frames").GetInt32()));
    }

    [Fact]
    public async Task A_server_of_a_tenant_above_ends_the_session()
    {
        var parent = await world.NewTenantAsync();
        var child = await world.NewTenantAsync(parent.Id);
        var (client, upstream) = await world.OpenAsync(child, "test-held");
        await using var _ = client;
        await using var observer = await world.ObserveAsync(parent.Key, client.Session!);

        await observer.SendAsync("""{"type":"end"}""");

        Assert.Equal(4002, (await client.FarewellAsync()).Code);
        await upstream.ExpectCloseAsync();
        Assert.Equal(4002, (await ObserverWorld.FrameAsync(observer, "session.ended")).GetProperty("frame").GetProperty("code").GetInt32());
        await observer.FarewellAsync();
        Assert.Contains(observer.All, heard => heard.Text == """{"type":"ack","command":"end","ok":true}""");
    }

    [Fact]
    public async Task A_token_does_what_it_was_made_for_on_its_session_and_opens_nothing_else()
    {
        var reseller = await world.NewTenantAsync();
        var (client, upstream) = await world.OpenAsync(reseller, "test-held");
        var (other, _) = await world.OpenAsync(reseller, "test-held");
        await using var both = client;
        await using var second = other;
        var (reads, steers) = (await world.ObserverTokenAsync(reseller.Key, client.Session!),
            await world.ObserverTokenAsync(reseller.Key, client.Session!, new { grants = ReadAndSteer, expiresIn = 60 }));
        await using var reader = await world.ObserveAsync(reads, client.Session!);
        await using var steerer = await world.ObserveAsync(steers, client.Session!);

        foreach (var command in new[] { """{"type":"steer","frame":{"type":"no"}}""", """{"type":"end"}""", """{"type":"jump"}""", "nonsense" })
            await reader.SendAsync(command);
        await steerer.SendAsync("""{"type":"steer","frame":{"type":"yes"}}""");
        await steerer.SendAsync("""{"type":"end"}""");

        string[] denied = ["not_granted", "not_granted", "invalid", "invalid"];
        foreach (var error in denied)
            Assert.Contains($"\"ok\":false,\"error\":\"{error}\"", (await reader.ExpectAsync("ack")).Text, StringComparison.Ordinal);
        Assert.Contains("\"ok\":true", (await steerer.ExpectAsync("ack")).Text, StringComparison.Ordinal);
        Assert.Contains("\"not_granted\"", (await steerer.ExpectAsync("ack")).Text, StringComparison.Ordinal);
        await upstream.ExpectAsync("yes");
        Assert.DoesNotContain(upstream.Received, frame => frame.Name == "no");

        await using var refused = await world.ConnectAsync(steers, "test-held", world.NewAddress());
        Assert.Equal(4400, (await refused.FarewellAsync()).Code);
        using var http = world.Http(steers);
        foreach (var path in new[] { "/v1/sessions", $"/v1/sessions/{client.Session}", $"/v1/sessions/{client.Session}/timeline" })
            await RawHttp.AssertProblemAsync(HttpStatusCode.Unauthorized, "invalid_credential", await http.GetAsync(path));
        await RawHttp.AssertProblemAsync(HttpStatusCode.Unauthorized, "invalid_credential", await http.PostAsync($"/v1/sessions/{client.Session}/observers", null));
        await RawHttp.AssertProblemAsync(HttpStatusCode.NotFound, "session_not_found", await http.GetAsync($"/v1/sessions/{other.Session}/observe"));
        using var end = world.Http(await world.MintAsync(reseller.Key));
        await RawHttp.AssertProblemAsync(HttpStatusCode.Forbidden, "token_not_allowed", await end.GetAsync($"/v1/sessions/{client.Session}/observe"));
    }

    [Fact]
    public async Task Who_is_not_let_watch_any_more_is_dropped_within_about_a_second()
    {
        var parent = await world.NewTenantAsync();
        var child = await world.NewTenantAsync(parent.Id);
        var (client, _) = await world.OpenAsync(child, "test-held");
        await using var both = client;
        var spare = await world.Admin.AddKeyAsync(parent.Id, "spare");
        var token = await Eventually.SeesAsync("the key is known", async () => await TokenOrNullAsync(spare.Key, client.Session!, 600), seen => seen is not null);
        var brief = await world.ObserverTokenAsync(parent.Key, client.Session!, new { expiresIn = 1 });
        await using var expiring = await world.ObserveAsync(brief, client.Session!);
        await using var revoked = await world.ObserveAsync(token!, client.Session!);
        await using var stays = await world.ObserveAsync(child.Key, client.Session!);

        await world.Admin.RevokeKeyAsync(spare.Id);

        Assert.Equal(4407, (await revoked.FarewellAsync()).Code);
        Assert.Equal(4401, (await expiring.FarewellAsync()).Code);
        Assert.False(stays.Over.IsCompleted || client.Over.IsCompleted);
    }

    [Fact]
    public async Task A_slow_observer_is_dropped_alone_with_its_last_sequence()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-flood", Script.Begin.Echo());
        var (client, _) = await world.OpenAsync(reseller, "test-flood");
        await using var flooded = client;
        await using var slow = await world.ObserveSlowlyAsync(reseller.Key, client.Session!);
        await using var quick = await world.ObserveAsync(reseller.Key, client.Session!);

        // Until its line is full, and for as long after that as it is waited for.
        var much = $$"""{"type":"much","x":"{{new string(' ', 12_000)}}"}""";
        await Eventually.IsAsync("the observer is given up", async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await client.SendAsync(much);
                await client.ExpectAsync("much");
            }

            return world.Gateway.Output.Contains($"An observer of session {client.Session} takes nothing", StringComparison.Ordinal);
        }, TimeSpan.FromSeconds(30));
        await client.SendAsync("""{"type":"after"}""");
        await client.ExpectAsync("after");
        await ObserverWorld.FrameAsync(quick, "after", from: "upstream");
        slow.Read();
        var farewell = await slow.FarewellAsync();

        ObserverWorld.AssertInOrder(quick);
        var last = ObserverWorld.AssertInOrder(slow);
        Assert.Equal((4109, $"Client reads too slowly; last sequence {last}"), (farewell.Code, farewell.Reason));
        Assert.False(client.Over.IsCompleted || quick.Over.IsCompleted);
    }

    [Fact]
    public async Task No_more_watch_a_session_than_may()
    {
        var reseller = await world.NewTenantAsync();
        var (client, _) = await world.OpenAsync(reseller, "test-held");
        await using var both = client;
        var observers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.ObserveAsync(reseller.Key, client.Session!)));

        using var http = world.Http(reseller.Key);
        await RawHttp.AssertProblemAsync(HttpStatusCode.TooManyRequests, "too_many_observers", await http.GetAsync($"/v1/sessions/{client.Session}/observe"));
        await observers[0].CloseAsync();

        await using var next = await Eventually.SeesAsync("there is room again", async () =>
        {
            try
            {
                return await world.ObserveAsync(reseller.Key, client.Session!);
            }
            catch (WebSocketException)
            {
                return null;
            }
        }, seen => seen is not null);
        foreach (var observer in observers)
            await observer.DisposeAsync();
    }

    [Fact]
    public async Task What_is_over_and_not_kept_any_more_is_gone()
    {
        var reseller = await world.NewTenantAsync();
        var (client, _) = await world.OpenAsync(reseller, "test-held");
        await using var both = client;
        await client.CloseAsync();
        await world.EndOfAsync(reseller, client.Session!);

        // What was just said can still be read.
        await using var late = await world.ObserveAsync(reseller.Key, client.Session!);
        await ObserverWorld.FrameAsync(late, "session.ended");
        using var http = world.Http(reseller.Key);
        var answer = await Eventually.SeesAsync("it is given up", () => http.GetAsync($"/v1/sessions/{client.Session}/observe"), seen => seen.StatusCode is HttpStatusCode.Gone);

        await RawHttp.AssertProblemAsync(HttpStatusCode.Gone, "session_over", answer);
    }

    private async Task<string?> TokenOrNullAsync(string key, string session, int expiresIn)
    {
        using var http = world.Http(key);
        var (name, value) = world.NewAddress();
        http.DefaultRequestHeaders.Add(name, value);
        using var body = new StringContent($$"""{"expiresIn":{{expiresIn}}}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync($"/v1/sessions/{session}/observers", body);
        return answer.IsSuccessStatusCode ? JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("token").GetString() : null;
    }
}
