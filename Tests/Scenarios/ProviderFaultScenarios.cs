using System.Text.Json;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>
/// Every way in which a provider goes wrong, through the whole system. However it goes, the client hears what the provider
/// said, the books agree with the API and with what the provider really sent, and there is one end.
/// </summary>
public partial class ProviderFaultScenarios(FaultWorld world) : IClassFixture<FaultWorld>
{
    /// <summary>A provider that counts faster than the clock is believed for two seconds at most, so the counts here stay below.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(30);

    private static Script Started => Script.Begin.SendSessionId().Expect("offer").GenerationStarted();

    /// <summary>A provider without a node: an answer to the client's early offer would say that it has one.</summary>
    private static Script Unready => Script.Begin.Without(AutomaticReplies.Offers);

    /// <summary>What a provider plays to its end, and what comes of it.</summary>
    /// <param name="Script">What it plays; the last step is its close.</param>
    /// <param name="Close">Why the session ended.</param>
    /// <param name="Seconds">What is billed.</param>
    /// <param name="Wire">The code that the client hears.</param>
    /// <param name="Sent">The largest count that the provider sent, where not all of it is believed or some of it began again.</param>
    private sealed record Fault(Script Script, string Close, decimal Seconds, int Wire = 1000, decimal? Sent = null);

    private static readonly Dictionary<string, Fault> Faults = new()
    {
        ["ended-disconnect"]      = new(Half(3).GenerationEnded("disconnect").Close(1000), "completed", 1.5m),
        ["ended-timeout"]         = new(Half(3).GenerationEnded("timeout").Close(1000), "provider_timeout", 1.5m),
        ["ended-moderation"]      = new(Half(3).GenerationEnded("moderation_violation").Close(1000), "moderation_violation", 1.5m),
        ["ended-error"]           = new(Half(3).GenerationEnded("error").Close(1011), "provider_error", 1.5m, Wire: 1011),
        ["ended-credits"]         = new(Half(3).GenerationEnded("insufficient_credits").Close(1008), "provider_refused", 1.5m, Wire: 1008),
        ["ended-by-other-words"]  = new(Half(3).GenerationEnded("because").Close(1000), "completed", 1.5m),
        ["ended-twice"]           = new(Half(3).GenerationEnded("disconnect").GenerationEnded("disconnect").Close(1000), "completed", 1.5m),
        ["ended-uncounted"]       = new(Half(3).Send("""{"type":"generation_ended","reason":"disconnect"}""").Close(1000), "completed", 1.5m),
        ["ended-lower"]           = new(Half(3).GenerationEnded("disconnect", 0.5m).Close(1000), "completed", 1.5m),
        ["ended-higher"]          = new(Half(2).GenerationEnded("disconnect", 1.789m).Close(1000), "completed", 1.789m),
        ["counts-after-its-end"]  = new(Half(2).GenerationEnded("disconnect").Tick(1.5m).Close(1000), "completed", 1m, Sent: 1.5m),
        ["never-says-started"]    = new(Script.Begin.SendSessionId().Expect("offer").Ticks(2, Beat, 0.5m, 0.5m).GenerationEnded("disconnect").Close(1000), "completed", 1m),
        ["closes-while-counting"] = new(Half(3).Close(1000), "upstream_lost", 1.5m),
        ["fails-while-counting"]  = new(Half(3).Close(1011, "crash"), "upstream_lost", 1.5m, Wire: 1011),

        ["second-run-goes-on"]    = new(Half(2).GenerationEnded("disconnect").GenerationStarted().Tick(1.5m).GenerationEnded("disconnect").Close(1000), "completed", 1.5m),
        ["second-run-from-zero"]  = new(Half(2).GenerationEnded("disconnect").GenerationStarted().Tick(0.25m).GenerationEnded("disconnect").Close(1000),
                                        "completed", 1.25m, Sent: 1m),
        ["starts-twice"]          = new(Half(2).GenerationStarted().Tick(1.5m).GenerationEnded("disconnect").Close(1000), "completed", 1.5m),

        ["duplicate"]             = new(Started.Tick(0.5m).Tick(0.5m).Tick(1).Tick(1).GenerationEnded("disconnect").Close(1000), "completed", 1m),
        ["reversed"]              = new(Started.Tick(1).Tick(0.5m).Tick(1.5m).Tick(1.25m).GenerationEnded("disconnect", 1.5m).Close(1000), "completed", 1.5m),
        ["fractional"]            = new(Started.Tick(0.29m).Tick(0.5701m).Tick(1.1399m).GenerationEnded("disconnect", 1.7009m).Close(1000), "completed", 1.7m),
        ["exponents"]             = new(Started.TickRaw("5e-1").TickRaw("0.01e2").TickRaw("1.5E+0").GenerationEnded("disconnect").Close(1000), "completed", 1.5m),
        ["absurd"]                = new(Absurd(Half(1)).Tick(1).GenerationEnded("disconnect").Close(1000), "completed", 1m),
        ["absurd-first"]          = new(Absurd(Started).Tick(0.5m).GenerationEnded("disconnect").Close(1000), "completed", 0.5m),
        ["absurd-only"]           = new(Absurd(Started).Close(1000), "upstream_lost", 0m),

        ["unknown-types"]         = new(Started.UnknownType().Tick(0.5m).Send("""{"kind":"no type"}""").Send("no json").Send("[1]").SendBytes(FrameKind.Binary, 9)
                                        .Send("").Tick(1).GenerationEnded("disconnect").Close(1000), "completed", 1m),
        ["complains"]             = new(Half(1).Error("Model hiccup", "internal_error").Tick(1).GenerationEnded("disconnect").Close(1000), "completed", 1m),
        ["huge-frame"]            = new(Half(1).HugeFrame(8 * 1024 * 1024).Tick(1).GenerationEnded("disconnect").Close(1000), "completed", 1m),

        ["full"]                  = new(Unready.Error("Concurrent session limit reached.").Close(1013, "Session Limit Reached"), "upstream_full", 0m, Wire: 1013),
        ["at-capacity"]           = new(Unready.Error("Server at capacity. Please try again later.").Close(1011), "upstream_full", 0m, Wire: 1011),
        ["refused"]               = new(Script.Begin.Close(1008), "provider_refused", 0m, Wire: 1008),
        ["nothing-generated"]     = new(Script.Begin.SendSessionId().Expect("offer").Close(1000), "upstream_closed", 0m),
    };

    /// <summary>Their names.</summary>
    public static TheoryData<string> Names => [.. Faults.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task However_a_provider_ends_the_books_hold_what_it_believably_counted(string name)
    {
        var (fault, model) = (Faults[name], $"test-{name}");
        var reseller = await world.NewTenantAsync();
        world.Provider.Play(model, fault.Script);
        var (client, upstream) = await world.OpenAsync(reseller, model);
        await using var _ = client;
        await client.OfferAsync();

        var farewell = await client.FarewellAsync();

        Assert.Equal(fault.Wire, farewell.Code);
        AssertHeardAsSent(client, upstream.Truth, fault);
        Assert.Equal(fault.Sent ?? fault.Seconds, upstream.Truth.MaxMilliseconds / 1000m);
        await AssertEndedAsync(reseller, client.Session!, fault.Close, fault.Seconds);
    }

    /// <summary>A good beginning, and that many ticks of half a second each.</summary>
    private static Script Half(int ticks) => Started.Ticks(ticks, Beat, from: 0.5m, step: 0.5m);

    /// <summary>Counts that are none.</summary>
    private static Script Absurd(Script script) => script
        .TickRaw("\"5\"").TickRaw("true").TickRaw("null").TickRaw("-1").TickRaw("-0.5").TickRaw("1e308").TickRaw("1e999999999999").TickRaw(null)
        .TickRaw("99999999999999999999").TickRaw("9007199254740993").TickRaw("[1]").TickRaw("{}")
        .Send("""{"type":"generation_tick","seconds":NaN}""").Send("""{"type":"generation_tick","seconds":1.2.3}""").Send("""{"type":"generation_tick","seconds":1""");

    /// <summary>
    /// What the provider said of time the client heard, all of it, in order and to the letter. The one thing that it did not
    /// say is the end of a run that it left open.
    /// </summary>
    private static void AssertHeardAsSent(StreamClient client, SessionTruth truth, Fault fault)
    {
        var sent = truth.Entries.Where(entry => entry.Kind is TruthKind.Tick or TruthKind.Ended)
            .Select(entry => (entry.Kind, Milliseconds: entry.Kind is TruthKind.Tick ? null : entry.Milliseconds, entry.Text));
        if (fault.Close is "upstream_lost")
            sent = sent.Append((TruthKind.Ended, (long)(fault.Seconds * 1000), "error"));
        Assert.Equal(sent, client.All.Where(heard => heard.Type is "generation_tick" or "generation_ended").Select(heard => CountOf(JsonElement.Parse(heard.Bytes))));
    }

    private static (TruthKind, long?, string?) CountOf(JsonElement message)
    {
        var counts = message.TryGetProperty("seconds", out var seconds);
        return message.GetProperty("type").GetString() is "generation_tick"
            ? (TruthKind.Tick, null, counts ? seconds.GetRawText() : null)
            : (TruthKind.Ended, counts ? (long)(seconds.GetDecimal() * 1000) : null, message.GetProperty("reason").GetString());
    }

    /// <summary>What holds of every session that is over, in the tables and as the API tells it.</summary>
    private async Task<JsonElement> AssertEndedAsync(Reseller reseller, string id, string close, decimal seconds)
    {
        Assert.Equal(close, await world.EndOfAsync(reseller, id));
        var (session, book, timeline) = (await world.SessionAsync(reseller, id), await Books.OfAsync(world.Database, id), await world.TimelineAsync(reseller, id));
        Books.AssertClosed(book);
        Assert.Equal((seconds, seconds), (book.MarkMs / 1000m, session.GetProperty("seconds").GetDecimal()));
        Assert.Equal((book.CloseCode, "ended"), (session.GetProperty("close").GetProperty("code").GetInt32(), session.GetProperty("phase").GetString()));
        Assert.Equal("session_ended", timeline[^1].GetProperty("kind").GetString());
        Assert.Single(timeline, happening => happening.GetProperty("kind").GetString() is "session_ended");
        return session;
    }
}
