using System.Text;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Simulator;

public sealed class ScriptPlayerTests : IAsyncLifetime
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private ProviderSimulator _simulator = null!;

    public async Task InitializeAsync() =>
        _simulator = await ProviderSimulator.StartAsync(new() { SocketBufferBytes = 16 * 1024, TimeProvider = new LateTimers(TimeSpan.Zero) });

    public async Task DisposeAsync() => await _simulator.DisposeAsync();

    [Fact]
    public async Task A_prompt_is_acknowledged_with_its_text_byte_for_byte()
    {
        await using var client = await PlayAsync(Script.Begin);

        await client.SendAsync("""{"type":"prompt","prompt":"caf\u00e9 \/ \ud83d\ude00 ü","enhance_prompt":true}""");
        await client.SendAsync("""{"type":"set_image","image_data":null,"prompt":null}""");

        Assert.Equal("""{"type":"prompt_ack","prompt":"caf\u00e9 \/ \ud83d\ude00 ü","success":true,"error":null}""", await client.ReadAsync());
        Assert.Equal("""{"type":"set_image_ack","success":true,"error":null}""", await client.ReadAsync());
    }

    [Fact]
    public async Task A_forbidden_prompt_is_refused_with_either_message()
    {
        await using var client = await PlayAsync(Script.Begin);

        await client.SendAsync("""{"type":"prompt","prompt":"something FORBIDDEN"}""");
        await client.SendAsync("""{"type":"set_image","image_data":"AA==","prompt":"forbidden"}""");

        Assert.Equal("""{"type":"prompt_ack","prompt":"something FORBIDDEN","success":false,"error":"content policy"}""", await client.ReadAsync());
        Assert.Equal("""{"type":"set_image_ack","success":false,"error":"content policy"}""", await client.ReadAsync());
    }

    [Fact]
    public async Task Every_offer_is_answered_unless_the_script_answers_itself()
    {
        await using var client = await PlayAsync(Script.Begin);
        await client.OfferAsync();
        await client.OfferAsync();
        Assert.Equal(["answer", "ice", "ice", "answer", "ice", "ice"], await client.HearAllAsync(6));

        await using var other = await PlayAsync(Script.Begin.Expect("offer").SendIce(1, end: true).SendAnswer("v=1").Status("done"));
        await other.OfferAsync();
        Assert.Equal(["ice", "ice", "answer", "status:done"], await other.HearAllAsync(4));
    }

    [Fact]
    public async Task Switched_off_nothing_is_answered_by_itself()
    {
        await using var client = await PlayAsync(Script.Begin.Without(AutomaticReplies.All).Expect("last").Status("done"));
        foreach (var type in (string[])["offer", "livekit_join", "prompt", "set_image", "last"])
            await client.SendAsync($$"""{"type":"{{type}}","prompt":"x"}""");

        Assert.Equal("status:done", await client.HearAsync());
    }

    [Fact]
    public async Task A_join_gets_the_room_where_an_offer_gets_its_answer()
    {
        await using var client = await PlayAsync(Script.Begin.Expect("offer").SendSessionId().SendAnswer().SendIce(2).GenerationStarted());
        await client.SendAsync("""{"type":"livekit_join"}""");

        Assert.Equal(["livekit_room_info", "started"], await client.HearAllAsync(2));
    }

    [Fact]
    public async Task Late_ticks_are_sent_late_but_never_left_out_and_lateness_does_not_add_up()
    {
        var timers = new LateTimers(TimeSpan.FromMilliseconds(20));
        await using var late = await ProviderSimulator.StartAsync(new() { TimeProvider = timers });
        late.Play("m", Script.Begin.GenerationStarted().Ticks(40, Pace).Close(1000));
        await using var client = await PlainClient.ConnectAsync(late, "m");

        var heard = await client.HearAllAsync();

        var truth = (await late.NextConnectionAsync()).Truth;
        var started = truth.Entries.First(entry => entry.Kind is TruthKind.Started).Timestamp;
        var elapsed = truth.Ticks.Select(tick => TimeProvider.System.GetElapsedTime(started, tick.Timestamp)).ToArray();
        Assert.Equal(["started", .. Enumerable.Range(1, 40).Select(second => $"tick:{second}"), "close:1000"], heard);
        Assert.All(elapsed.Index(), tick => Assert.True(tick.Item > Pace * (tick.Index + 1) - TimeSpan.FromMilliseconds(1), $"Tick {tick} came early."));
        // A wait that ends 20 ms late is past the next four ticks, which then wait no more: who added it up would wait forty times.
        Assert.InRange(timers.ShortWaits, 1, 20);
    }

    [Fact]
    public async Task A_flood_arrives_whole_and_in_order()
    {
        await using var client = await PlayAsync(Script.Begin.Flood(500, 1000).SendBytes(FrameKind.Binary, 3).Close(1000));

        for (var number = 0; number < 500; number++)
        {
            var text = (await client.ReadAsync())!;
            Assert.Equal(1000, text.Length);
            Assert.StartsWith($$"""{"n":"{{number:D8}}","type":"sim_flood",""", text, StringComparison.Ordinal);
        }
        Assert.Equal((FrameKind.Binary, 3), await client.ReadBytesAsync() is { } last ? (last.Kind, last.Bytes.Length) : default);
        Assert.Equal("close:1000", await client.HearAsync());
    }

    [Fact]
    public async Task A_stall_is_felt_by_who_sends_and_passes()
    {
        var stall = TimeSpan.FromMilliseconds(150);
        await using var client = await PlayAsync(Script.Begin.Status("stalling").Stall(stall).Status("back").Expect("text").Close(1000));
        await client.HearAsync();
        var began = TimeProvider.System.GetTimestamp();

        await client.SendAsync(FrameKind.Text, new byte[8 * 1024 * 1024]);
        var felt = TimeProvider.System.GetElapsedTime(began);

        Assert.True(felt > stall / 2, $"The client was held for {felt.TotalMilliseconds} ms only.");
        Assert.Equal(["status:back", "close:1000"], await client.HearAllAsync());
    }

    [Fact]
    public async Task A_slow_reader_takes_its_time()
    {
        await using var client = await PlayAsync(Script.Begin.SlowRead(1_000_000).Expect("text").Close(1000));
        var began = TimeProvider.System.GetTimestamp();

        await client.SendAsync(FrameKind.Text, new byte[200_000]);
        Assert.Equal("close:1000", await client.HearAsync());

        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(190));
    }

    [Fact]
    public async Task A_message_that_is_too_big_is_answered_with_1009()
    {
        await using var small = await ProviderSimulator.StartAsync(new() { MaxMessageBytes = 10_000 });
        await using var client = await PlainClient.ConnectAsync(small, "sim-idle");

        await client.SendAsync(FrameKind.Binary, new byte[100_000]);

        Assert.Equal("close:1009:Message too big", (await client.HearAllAsync())[^1]);
    }

    [Fact]
    public async Task A_frame_of_any_size_is_received_whole()
    {
        var image = "{\"type\":\"set_image\",\"image_data\":\"" + new string('A', 3_000_000) + "\"}";
        _simulator.Play("m", Script.Begin);
        await using var client = await PlainClient.ConnectAsync(_simulator, "m");

        await client.SendAsync(image);

        var frame = await (await _simulator.NextConnectionAsync()).ExpectAsync("set_image");
        Assert.Equal(Encoding.UTF8.GetBytes(image), frame.Bytes.ToArray());
    }

    private async Task<PlainClient> PlayAsync(Script script)
    {
        _simulator.Play("m", script);
        return await PlainClient.ConnectAsync(_simulator, "m");
    }

    /// <summary>The real clock, except that no timer is on time.</summary>
    private sealed class LateTimers(TimeSpan lateness) : TimeProvider
    {
        private int _shortWaits;

        /// <summary>How many were to last no longer than the pace of the ticks.</summary>
        public int ShortWaits => _shortWaits;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero && dueTime <= Pace)
                Interlocked.Increment(ref _shortWaits);
            return base.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : dueTime + lateness, period);
        }
    }
}
