using System.Net.ServerSentEvents;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The same to read alone, as a browser's EventSource takes it; and many who come and go.</summary>
public class ObserverStreamScenarios(ObserverWorld world) : IClassFixture<ObserverWorld>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_stream_of_events_goes_on_where_its_reader_left_it()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-stream", Script.Begin.SendSessionId().Send("""{"type":"one"}""").Expect("go").Send("""{"type":"two"}""").Close(1000));
        await using var client = await world.ConnectAsync(reseller.Key, "test-stream", world.NewAddress());
        await client.ExpectAsync("one");

        var first = await ReadAsync(reseller.Key, client.Session!, lastEvent: null, told => ObserverWorld.TypeOf(told) == "one");
        await client.SendAsync("""{"type":"go"}""");
        var rest = await ReadAsync(reseller.Key, client.Session!, first[^1].Id, _ => false);

        Assert.Equal(Enumerable.Range(1, first.Count + rest.Count - 1).Select(i => $"{i}"), first.Concat(rest.SkipLast(1)).Select(one => one.Id));
        Assert.Contains(rest, one => ObserverWorld.TypeOf(one.Told) == "two");
        Assert.Equal("session.ended", ObserverWorld.TypeOf(rest[^2].Told));
        Assert.Equal(("closed", 1000), (rest[^1].Told.GetProperty("type").GetString(), rest[^1].Told.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task Many_who_join_late_leave_and_come_back_are_told_all_of_it_or_what_they_missed()
    {
        var random = new Random(20_261);
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-busy", Script.Begin.Echo());
        await using var client = await world.ConnectAsync(reseller.Key, "test-busy", world.NewAddress());
        await client.SendAsync("""{"type":"first"}""");
        await client.ExpectAsync("first");
        var watching = Enumerable.Range(0, 3).Select(_ => new Watching()).ToList();

        for (var i = 0; i < 400; i++)
        {
            await client.SendAsync($$"""{"type":"n","i":{{i}},"x":"{{new string(' ', random.Next(2_000))}}"}""");
            var one = watching[random.Next(watching.Count)];
            if (random.Next(20) == 0)
                await one.ToggleAsync(world, reseller.Key, client.Session!);
        }

        await client.SendAsync("""{"type":"last"}""");
        await client.ExpectAsync("last");
        foreach (var one in watching)
            await one.JoinAsync(world, reseller.Key, client.Session!);
        await client.CloseAsync();

        var ends = new List<long>();
        foreach (var one in watching)
            ends.Add(await one.EndAsync());
        Assert.Single(ends.Distinct());
    }

    private async Task<List<(string? Id, JsonElement Told)>> ReadAsync(string key, string session, string? lastEvent, Func<JsonElement, bool> isEnough)
    {
        using var http = world.Http(key);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sessions/{session}/observe");
        if (lastEvent is not null)
            request.Headers.Add("Last-Event-ID", lastEvent);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using var patience = new CancellationTokenSource(Patience);
        var told = new List<(string? Id, JsonElement Told)>();
        await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(patience.Token)).EnumerateAsync(patience.Token))
        {
            told.Add((item.EventId, JsonElement.Parse(item.Data)));
            if (isEnough(told[^1].Told))
                break;
        }

        return told;
    }

    /// <summary>One that comes and goes, and knows the last number it was told.</summary>
    private sealed class Watching
    {
        private StreamClient? _now;
        private long _last;

        public async Task ToggleAsync(ObserverWorld world, string key, string session)
        {
            if (_now is null)
                await JoinAsync(world, key, session);
            else
                await LeaveAsync();
        }

        public async Task JoinAsync(ObserverWorld world, string key, string session) => _now ??= await world.ObserveAsync(key, session, _last + 1);

        public async Task<long> EndAsync()
        {
            await ObserverWorld.FrameAsync(_now!, "session.ended");
            await LeaveAsync();
            return _last;
        }

        private async Task LeaveAsync()
        {
            _now!.Vanish();
            await _now.FarewellAsync();
            _last = ObserverWorld.AssertInOrder(_now, _last + 1);
            await _now.DisposeAsync();
            _now = null;
        }
    }
}
