using Orchestrator.Simulator;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator;

public sealed class BuiltInScriptsTests : IAsyncLifetime
{
    private static readonly SimulatorOptions Fast = new() { Pace = TimeSpan.FromMilliseconds(5) };

    private static readonly string[] UntilStarted = ["session_id", "answer", "ice", "ice", "started"];

    private ProviderSimulator _simulator = null!;

    /// <summary>Model, and what a client hears that offers its media at once, to the end.</summary>
    public static TheoryData<string, string[]> Finite => new()
    {
        { "sim-ended-disconnect",           [.. UntilStarted, "tick:1", "tick:2", "tick:3", "ended:3:disconnect", "close:1000"] },
        { "sim-ended-timeout",              [.. UntilStarted, "tick:1", "tick:2", "tick:3", "ended:3:timeout", "close:1000"] },
        { "sim-ended-moderation_violation", [.. UntilStarted, "tick:1", "tick:2", "tick:3", "ended:3:moderation_violation", "close:1000"] },
        { "sim-ended-error",                [.. UntilStarted, "tick:1", "tick:2", "tick:3", "ended:3:error", "close:1000"] },
        { "sim-ended-insufficient_credits", [.. UntilStarted, "tick:1", "tick:2", "tick:3", "ended:3:insufficient_credits", "close:1000"] },
        { "sim-ended-twice",                [.. UntilStarted, "tick:1", "tick:2", "tick:3", "ended:3:disconnect", "ended:3:disconnect", "close:1000"] },
        { "sim-duplicate-ticks",            [.. UntilStarted, "tick:1", "tick:1", "tick:2", "tick:2", "tick:3", "tick:3", "ended:3:disconnect", "close:1000"] },
        { "sim-reversed-ticks",             [.. UntilStarted, "tick:2", "tick:1", "tick:4", "tick:3", "ended:4:disconnect", "close:1000"] },
        {
            "sim-fractional",
            [.. UntilStarted, "tick:0.29", "tick:1.30", "tick:2.31", "tick:3.32", "tick:4.33", "tick:5.0004", "ended:5.0004:disconnect", "close:1000"]
        },
        {
            "sim-absurd",
            [.. UntilStarted, "tick:1", "tick:\"5\"", "tick:true", "tick:null", "tick:-1", "tick:1e308", "tick", "tick:2", "ended:2:disconnect", "close:1000"]
        },
        { "sim-unknown-types",              [.. UntilStarted, "sim_unknown", "tick:1", "sim_unknown", "tick:2", "sim_unknown", "tick:3", "ended:3:disconnect", "close:1000"] },
        { "sim-huge-frame",                 [.. UntilStarted, "tick:1", "sim_huge", "tick:2", "ended:2:disconnect", "close:1000"] },
        { "sim-drop",                       [.. UntilStarted, "tick:1", "tick:2", "reset"] },
        { "sim-full",                       ["error:Concurrent session limit reached.", "close:1013:Session Limit Reached"] },
        { "sim-capacity",                   ["error:Server at capacity. Please try again later.", "close:1011"] },
        { "sim-refused",                    ["close:1008"] },
    };

    /// <summary>Model, what its client says first, and how its endless story begins.</summary>
    public static TheoryData<string, string?, string[]> Endless => new()
    {
        { "sim-livekit",     "livekit_join", ["queue:3/3", "queue:2/2", "queue:1/1", "livekit_room_info", "started", "tick:1", "tick:2", "tick:3"] },
        { "sim-idle",        null,           ["session_id", "started", "tick:30", "tick:60"] },
        { "sim-echo",        null,           ["session_id", "started", "tick:1", "tick:2"] },
        { "sim-moderated",   "offer",        [.. UntilStarted, "tick:1", "tick:2"] },
        { "sim-slow-reader", "offer",        [.. UntilStarted, "tick:1", "tick:2"] },
        { "sim-stall",       "offer",        [.. UntilStarted, "tick:1", "tick:2"] },
    };

    public async Task InitializeAsync() => _simulator = await ProviderSimulator.StartAsync(Fast);

    public async Task DisposeAsync() => await _simulator.DisposeAsync();

    [Theory, MemberData(nameof(Finite))]
    public async Task Plays_to_its_end(string model, string[] expected)
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, model);
        if (expected.Contains("answer"))
            await client.OfferAsync();

        Assert.Equal(expected, await client.HearAllAsync());
    }

    [Theory, MemberData(nameof(Endless))]
    public async Task Goes_on_until_the_client_leaves(string model, string? first, string[] expected)
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, model);
        var connection = await _simulator.NextConnectionAsync(model);
        if (first is not null)
            await client.SendAsync($$"""{"type":"{{first}}"}""");

        Assert.Equal(expected, await client.HearAllAsync(expected.Length));

        client.Vanish();
        Assert.True((await connection.ExpectCloseAsync()).Vanished);
        Assert.DoesNotContain(connection.Truth.Entries, entry => entry.Kind is TruthKind.Ended or TruthKind.Closed);
    }

    [Fact]
    public void Every_built_in_script_is_played_by_one_of_these_tests()
    {
        string[] played = [.. Finite.Select(row => (string)row[0]), .. Endless.Select(row => (string)row[0]), "sim-demo"];

        Assert.Equal(BuiltInScripts.All(Fast.Pace).Select(builtIn => builtIn.Model).Order(), played.Order());
    }

    [Fact]
    public async Task The_demo_starts_with_the_offer_and_says_nothing_more_when_the_client_closes()
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, "sim-demo");
        var connection = await _simulator.NextConnectionAsync();
        Assert.Equal(["session_id", "status:Entering queue", "queue:2/2", "queue:1/1", "status:Ready"], await client.HearAllAsync(5));

        await client.OfferAsync();
        Assert.Equal(["answer", "ice", "ice", "started", "tick:1", "tick:2"], await client.HearAllAsync(6));

        await client.CloseAsync();
        var rest = await client.HearAllAsync();
        var farewell = await connection.ExpectCloseAsync();
        Assert.All(rest[..^1], late => Assert.StartsWith("tick", late, StringComparison.Ordinal));
        Assert.Equal("close:1000", rest[^1]);
        Assert.Equal((1000, false, false), (farewell.Code, farewell.Vanished, farewell.BySimulator));
    }

    [Fact]
    public async Task A_script_of_dialect_A_serves_a_client_of_dialect_B()
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, "sim-ended-timeout");
        await client.SendAsync("""{"type":"livekit_join","passthrough":true}""");

        Assert.Equal(
            ["session_id", "livekit_room_info", "started", "tick:1", "tick:2", "tick:3", "ended:3:timeout", "close:1000"],
            await client.HearAllAsync());
    }

    [Fact]
    public async Task A_wrong_key_and_an_unknown_model_are_refused_in_words_and_with_1008()
    {
        await using var stranger = await PlainClient.ConnectAsync(_simulator.StreamFor("sim-demo", apiKey: "wrong"));
        await using var dreamer = await PlainClient.ConnectAsync(_simulator, "no-such-model");

        Assert.Equal(["error:Invalid API key", "close:1008:Invalid API key"], await stranger.HearAllAsync());
        Assert.Equal(["error:Invalid model", "close:1008:Invalid model"], await dreamer.HearAllAsync());
    }

    [Fact]
    public async Task The_stalled_provider_neither_sends_nor_hears_but_stays()
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, "sim-stall");
        var connection = await _simulator.NextConnectionAsync();
        await client.OfferAsync();
        await client.HearAllAsync(UntilStarted.Length + 2);
        // The last tick may arrive a moment before the provider falls silent.
        await Eventually.IsAsync("the provider stalls", () => Task.FromResult(connection.IsStalled));

        await client.SendAsync("""{"type":"prompt","prompt":"anybody there?"}""");
        var reply = client.HearAsync();
        var silence = await Assert.ThrowsAsync<TimeoutException>(() => connection.ExpectAsync("prompt", TimeSpan.FromMilliseconds(100)));

        Assert.Contains("but offer", silence.Message, StringComparison.Ordinal);
        Assert.False(reply.IsCompleted);
        connection.Drop();
        Assert.Equal("reset", await reply);
    }

    [Fact]
    public async Task The_echoing_provider_sends_back_every_kind_and_size_as_it_came()
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, "sim-echo");
        foreach (var size in (int[])[0, 1, 125, 126, 4096, 4097, 70_000, 1_000_000])
        {
            var (kind, sent) = (size % 2 == 0 ? FrameKind.Text : FrameKind.Binary, new byte[size]);
            for (var index = 0; index < size; index++)
                sent[index] = (byte)(index % 128);

            await client.SendAsync(kind, sent);

            var back = await EchoAsync(client);
            Assert.Equal(kind, back.Kind);
            Assert.Equal(sent, back.Bytes);
        }
        Assert.Empty((await _simulator.NextConnectionAsync()).Received);
    }

    [Fact]
    public async Task The_moderated_model_refuses_each_prompt_and_goes_on()
    {
        await using var client = await PlainClient.ConnectAsync(_simulator, "sim-moderated");
        await client.SendAsync("""{"type":"prompt","prompt":"a lamb"}""");

        Assert.Equal("session_id", await client.HearAsync());
        Assert.Equal("""{"type":"prompt_ack","prompt":"a lamb","success":false,"error":"content policy"}""", await client.ReadAsync());
    }

    /// <summary>The next message that is not one of the provider's own, which all start alike.</summary>
    private static async Task<(FrameKind Kind, byte[] Bytes)> EchoAsync(PlainClient client)
    {
        while (true)
        {
            var message = await client.ReadBytesAsync() ?? throw new InvalidOperationException("The provider closed.");
            if (!message.Bytes.AsSpan().StartsWith("{\"type\":"u8))
                return message;
        }
    }
}
