using System.Diagnostics.Metrics;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Tests.Sessions.Relay;

/// <summary>Step 7 where the provider reports no seconds: what our own clock counts, and what ends it.</summary>
public sealed class OwnClockTests
{
    private const string Answer = """{"type":"answer","sdp":"v=0"}""";

    [Fact]
    public async Task It_starts_at_the_first_answer_and_at_no_other()
    {
        await using var world = new ClockWorld();
        await world.OpenAsync();

        await world.SayAsync("""{"type":"node_status","status":"waiting"}""");
        await world.SayAsync("""{"type":"server_provisioning"}""");
        world.Pass(TimeSpan.FromSeconds(40));
        Assert.Null(world.Run);
        await world.SayAsync(Answer);
        world.Pass(TimeSpan.FromSeconds(1.5));
        await world.SayAsync(Answer);
        world.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal((1, 2_500L), (world.Run!.Run, world.Run.MarkMs));
    }

    [Fact]
    public async Task Each_sweep_raises_the_mark_to_where_the_clock_stands()
    {
        await using var world = new ClockWorld();
        await world.OpenAsync();
        await world.SayAsync(Answer);
        var marks = new List<long>();

        for (var sweep = 0; sweep < 4; sweep++)
        {
            world.Pass(RelaySweep.Interval);
            marks.Add(world.Run!.MarkMs);
        }

        Assert.Equal([500, 1_000, 1_500, 2_000], marks);
    }

    [Theory]
    [InlineData(CloseCode.EndedByTenant)]
    [InlineData(CloseCode.CredentialRevoked)]
    [InlineData(CloseCode.ServerShutdown)]
    public async Task Whoever_ends_the_session_ends_the_count_at_that_moment(CloseCode code)
    {
        await using var world = new ClockWorld();
        await world.OpenAsync();
        await world.SayAsync(Answer);
        world.Pass(TimeSpan.FromSeconds(3));
        world.Time.Advance(TimeSpan.FromMilliseconds(217));
        var run = world.Run!;

        await world.AskToEndAsync(code);
        await world.HungUpAsync();

        Assert.Equal(code, await world.OverAsync());
        Assert.Equal((3_217L, true), (run.MarkMs, run.IsClosed));
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_count_at_that_moment()
    {
        await using var world = new ClockWorld();
        await world.OpenAsync();
        await world.SayAsync(Answer);
        world.Time.Advance(TimeSpan.FromMilliseconds(1_234));
        var run = world.Run!;

        await world.ClientLeavesAsync();
        await world.HungUpAsync();

        Assert.Equal(CloseCode.ClientClosed, await world.OverAsync());
        Assert.Equal((1_234L, true), (run.MarkMs, run.IsClosed));
    }

    [Theory]
    [InlineData(1000, CloseCode.Completed)]
    [InlineData(1011, CloseCode.UpstreamLost)]
    [InlineData(null, CloseCode.UpstreamLost)]
    public async Task A_provider_that_leaves_ends_the_count_at_that_moment(int? with, CloseCode code)
    {
        await using var world = new ClockWorld();
        await world.OpenAsync();
        await world.SayAsync(Answer);
        world.Time.Advance(TimeSpan.FromMilliseconds(777));
        var run = world.Run!;

        if (with is { } close)
            await world.ProviderLeavesAsync(close);
        else
            world.ProviderVanishes();

        Assert.Equal(code, await world.OverAsync());
        Assert.Equal((777L, true), (run.MarkMs, run.IsClosed));
    }

    [Fact]
    public async Task A_session_that_generates_is_never_idle_and_one_that_waits_is()
    {
        await using (var running = new ClockWorld())
        {
            await running.OpenAsync();
            await running.SayAsync(Answer);
            await running.IsAsync(SessionPhase.Generating);

            running.Pass(TimeSpan.FromMinutes(30));

            Assert.Equal((SessionPhase.Generating, 1_800_000L), (running.Relay.State.Phase, running.Run!.MarkMs));
        }

        await using var waiting = new ClockWorld();
        await waiting.OpenAsync();
        await waiting.SayAsync("""{"type":"node_status","status":"waiting"}""");
        await waiting.IsAsync(SessionPhase.Connected);

        // Not far beyond it: while this clock flies, no turn of the grain is in time.
        waiting.Pass(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));

        Assert.Equal(CloseCode.IdleTimeout, await waiting.OverAsync());
    }

    [Fact]
    public async Task A_hold_ends_the_session_and_is_never_exceeded_however_late_that_is()
    {
        await using var world = new ClockWorld();
        await world.OpenAsync(authorisedMs: 5_000);
        await world.SayAsync(Answer);
        world.Pass(TimeSpan.FromSeconds(4.5));
        var run = world.Run!;
        Assert.Equal(4_500, run.MarkMs);

        // The timer of the hold fires on the way, and by the time that the provider is hung up on the clock is far beyond it.
        world.Time.Advance(TimeSpan.FromSeconds(20));
        await world.HungUpAsync();

        Assert.Equal(CloseCode.InsufficientCredits, await world.OverAsync());
        Assert.InRange(run.MarkMs, 4_700, 5_000);
    }

    [Fact]
    public async Task A_sweep_that_is_late_counts_no_more_than_is_held()
    {
        await using var world = new ClockWorld();
        await world.OpenAsync(authorisedMs: 2_000);
        await world.SayAsync(Answer);
        var run = world.Run!;

        world.Time.Advance(TimeSpan.FromSeconds(3));
        world.Relay.Sweep();

        Assert.InRange(run.MarkMs, 0, 2_000);
        await world.HungUpAsync();
        Assert.Equal(CloseCode.InsufficientCredits, await world.OverAsync());
    }

    [Fact]
    public async Task What_the_provider_counts_or_is_called_moves_nothing()
    {
        await using var world = new ClockWorld("silent");
        await world.OpenAsync();
        await world.SayAsync("""{"type":"session_id","session_id":"first"}""");
        await world.SayAsync("""{"type":"generation_started"}""");
        await world.SayAsync("""{"type":"generation_tick","seconds":1}""");
        Assert.Null(world.Run);

        await world.SayAsync(Answer);
        world.Pass(TimeSpan.FromSeconds(3));
        await world.SayAsync("""{"type":"generation_tick","seconds":4.5}""");
        await world.SayAsync("""{"type":"session_id","session_id":"second"}""");
        world.Pass(TimeSpan.FromSeconds(1));
        var run = world.Run!;
        world.Time.Advance(TimeSpan.FromMilliseconds(250));
        await world.SayLateAsync("""{"type":"generation_ended","seconds":60,"reason":"disconnect"}""", since: () => run.MarkMs == 4_250);
        world.Pass(TimeSpan.FromSeconds(5));

        Assert.Equal((1, 4_250L, true), (run.Run, run.MarkMs, run.IsClosed));
        Assert.Null(world.Run);
    }

    [Fact]
    public async Task An_answer_that_comes_when_it_is_over_starts_nothing()
    {
        await using var world = new ClockWorld();
        var (meter, clock) = NewClock(world, world.Time);

        clock.Stop();

        Assert.False(clock.TryStart());
        clock.Count();
        Assert.Null(meter.Open);
    }

    [Fact]
    public async Task The_sweep_and_the_end_may_come_together_and_the_mark_stays_where_the_end_left_it()
    {
        await using var world = new ClockWorld();
        var anomalies = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, subscriber) =>
        {
            if (instrument.Name == "orchestrator.billing.meter.anomalies" && instrument.Meter.Scope == world.Get<IMeterFactory>())
                subscriber.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref anomalies, count));
        listener.Start();

        for (var round = 0; round < 200; round++)
        {
            var (meter, clock) = NewClock(world, TimeProvider.System);
            Assert.True(clock.TryStart());
            var run = meter.Open!;
            using var together = new Barrier(3);
            var sweeps = Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait();
                    for (var i = 0; i < 200; i++)
                        clock.Count();
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            together.SignalAndWait();
            clock.Stop();
            var stopped = run.MarkMs;
            await Task.WhenAll(sweeps);
            clock.Count();
            Assert.Equal(stopped, run.MarkMs);
            meter.Finish("test");
        }

        Assert.Equal(0, anomalies);
    }

    private static (RelayMeter Meter, OwnClock Clock) NewClock(ClockWorld world, TimeProvider time)
    {
        var ownership = new SessionOwnership(SessionId.New(world.Time.GetUtcNow()), new TenantId(Guid.Empty));
        var meter = new RelayMeter(ownership, world.Get<MarkBook>(), world.Get<SessionJournal>(), world.Get<BillingMetrics>(), time);
        meter.UpstreamOpened();
        return (meter, new OwnClock(meter, time));
    }
}
