using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>What goes wrong in one grain stays there: others are served as before, and the host ends in its time.</summary>
public class GrainFaultTests
{
    private static readonly InProcessGrainsOptions Options = new();

    /// <summary>The ways to go wrong, and what remains of the grain: whether it answers calls and whether it can end.</summary>
    public static TheoryData<string, bool, bool> Faults => new()
    {
        // fault                 answers  ends
        { Fault.ThrowingCall,    true,    true },
        { Fault.CancelledCall,   true,    true },
        { Fault.EndlessCall,     false,   false },
        { Fault.ThrowingBirth,   true,    true },
        { Fault.EndlessBirth,    false,   false },
        { Fault.ThrowingDeath,   true,    true },
        { Fault.EndlessDeath,    true,    false },
        { Fault.ThrowingDispose, true,    true },
        { Fault.ThrowingTimer,   true,    true },
        { Fault.EndlessTimer,    false,   false },
        { Fault.ThrowingStop,    true,    true },
        { Fault.ThrowingPump,    true,    true },
        { Fault.DeafPump,        true,    false },
    };

    [Theory, MemberData(nameof(Faults))]
    public async Task A_fault_touches_no_other_grain_and_the_host_ends_in_its_time(string fault, bool answers, bool ends)
    {
        await using var host = GrainHost.Start(Options, services =>
        {
            InProcessGrainChecks.AddGrains(services);
            services.AddGrain<IFaultyGrain, FaultyGrain>();
        });
        var (faulty, journal) = (host.Grains.Get<IFaultyGrain>(fault), host.Journals.Of(fault));
        var neighbour = host.Grains.Get<IFaultyGrain>("a neighbour");
        journal.Hold("for ever");
        Assert.Equal(1, await neighbour.CallAsync());

        // The fault, as far as it shows in calls and timers.
        var started = Record.ExceptionAsync(faulty.StartAsync);
        if (fault is not Fault.EndlessBirth)
            await started;
        host.Time.Advance(TimeSpan.FromSeconds(1));
        if (fault is Fault.ThrowingTimer or Fault.EndlessTimer or Fault.ThrowingStop or Fault.ThrowingPump or Fault.DeafPump)
            await journal.ReadAsync("turn");
        var called = Record.ExceptionAsync(faulty.CallAsync);
        if (answers)
            Assert.IsNotType<TimeoutException>(await called);
        else
            await host.DriveAsync(TimeSpan.FromSeconds(1), called);

        Assert.Equal(2, await neighbour.CallAsync());
        Assert.Equal(1, await host.Grains.Get<ITurnGrain>(fault).AddAsync(1));

        var ending = host.Grains.DisposeAsync().AsTask();
        if (!ends)
        {
            host.Time.Advance(Options.EndTimeout - TimeSpan.FromTicks(1));
            // Others are not kept from ending by the one that does not.
            await host.Journals.Of("a neighbour").ReadAsync("died");
            Assert.False(ending.IsCompleted);
            host.Time.Advance(TimeSpan.FromTicks(1));
        }

        await ending.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(ends, !host.Log.Lines.Any(line => line.StartsWith("Error 1004 ", StringComparison.Ordinal)));
        Assert.Contains("died", host.Journals.Of("a neighbour").Lines);
        journal.Release("for ever");
    }

    [Fact]
    public async Task A_caller_of_a_grain_that_hangs_is_answered_and_the_grain_serves_the_next_when_it_goes_on()
    {
        await using var host = GrainHost.Start(Options, InProcessGrainChecks.AddGrains);
        var (grain, journal) = (host.Grains.Get<ITurnGrain>("hanging"), host.Journals.Of("hanging"));
        journal.Hold("for ever");

        var hanging = grain.HoldAsync("for ever");
        var waiting = grain.AddAsync(1);
        await host.DriveAsync(TimeSpan.FromSeconds(1), Record.ExceptionAsync(() => Task.WhenAll(hanging, waiting)));
        journal.Release("for ever");

        await Assert.ThrowsAsync<TimeoutException>(() => hanging);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
        // The second call was not answered in time, and was served all the same: its outcome was unknown.
        Assert.Equal(2, await grain.AddAsync(1));
    }

    [Fact]
    public async Task Once_the_host_ends_no_grain_comes_to_life()
    {
        await using var host = GrainHost.Start(Options, InProcessGrainChecks.AddGrains);
        await host.Grains.Get<ITurnGrain>("alive before").AddAsync(1);

        await host.Grains.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.Grains.Get<ITurnGrain>("alive before").AddAsync(1));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.Grains.Get<ITurnGrain>("never alive").AddAsync(1));
        await host.DriveUntilAsync(TimeSpan.Zero, () => host.Places == 0, "a host without places");
    }

    [Fact]
    public async Task A_timer_with_a_period_that_cannot_be_is_refused()
    {
        await using var host = GrainHost.Start(Options, InProcessGrainChecks.AddGrains);
        var grain = host.Grains.Get<ILifeGrain>("life");

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grain.StartTimerAsync("tick", TimeSpan.Zero, TimeSpan.FromSeconds(-2)));

        Assert.Equal(1, await grain.TouchAsync());
    }
}
