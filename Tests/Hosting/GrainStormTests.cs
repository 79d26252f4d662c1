using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Hosting;

/// <summary>
/// Races between call, end and rebirth: many callers, few keys, grains that ask to end, sweeps of the idle, births and deaths
/// that fail and, in strict mode, ends at random.
/// </summary>
public class GrainStormTests(ITestOutputHelper output)
{
    private const int Callers = 16;
    private const int Keys = 24;
    private const int Bursts = 200;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    [InlineData(true, 3)]
    public async Task Every_call_is_answered_once_by_the_one_life_of_its_key(bool isStrict, int seed)
    {
        var ledger = new StormLedger();
        var options = new InProcessGrainsOptions
        {
            Strict = isStrict,
            EndProbability = 0.3,
            Seed = seed,
            IdleTimeout = TimeSpan.FromMilliseconds(40),
            CallTimeout = TimeSpan.FromDays(40),
        };
        await using var host = GrainHost.Start(options, services => services.AddSingleton(ledger).AddGrain<IStormGrain, StormGrain>());

        // The clock moves while they call, so the idle are swept and the timers tick in between.
        var storm = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(host, ledger, caller, seed))));
        await host.DriveAsync(TimeSpan.FromMilliseconds(2), storm);
        var answers = await storm;
        var pending = ledger.PendingTimers;
        await host.DriveUntilAsync(TimeSpan.FromMilliseconds(2), () => ledger.PendingTimers == 0, "the last ticks");
        await host.DisposeAsync();

        output.WriteLine(
            $"{answers.Sum(answer => answer.Answered):N0} calls answered, {answers.Sum(answer => answer.Stillborn)} of them with a birth that failed; " +
            $"{ledger.Births:N0} births, {ledger.Timers.Count:N0} timers, {ledger.Timers.Values.Count(state => state == "ticked"):N0} ticked, {pending} after the storm");
        Assert.Empty(ledger.Wrongs);
        Assert.Equal(answers.Sum(answer => answer.Answered - answer.Stillborn), ledger.Served);
        Assert.True(ledger.Births > Keys, "nothing was ever reborn");
        Assert.Contains("ticked", ledger.Timers.Values);
        Assert.Equal((0, 0), (ledger.Living, host.Places));
        // Time-outs are disarmed a moment after what they bound was answered.
        await host.DriveUntilAsync(TimeSpan.Zero, () => host.Time.ArmedTimers == 0, "a clock without timers");
    }

    /// <summary>One caller: bursts of calls to one key, so that their order shows, and the answer of each.</summary>
    private static async Task<(int Answered, int Stillborn)> CallAsync(GrainHost host, StormLedger ledger, int caller, int seed)
    {
        var random = new Random(seed * 1000 + caller);
        var (answered, stillborn, number) = (0, 0, 0);
        for (var burst = 0; burst < Bursts; burst++)
        {
            var key = $"key {random.Next(Keys)}";
            var calls = new List<(int Number, Task Call)>();
            for (var left = random.Next(1, 8); left > 0; left--)
                calls.Add((++number, Call(host.Grains.Get<IStormGrain>(key), random.Next(10), caller, number)));

            foreach (var (made, call) in calls)
            {
                var failed = await Record.ExceptionAsync(() => call);
                answered++;
                if (failed is StillbornException)
                    stillborn++;
                else if (failed is not null)
                    ledger.Wrongs.Enqueue($"call {made} of caller {caller} failed: {failed.Message}");
                if (ledger.TimesServed(caller, made) != (failed is null ? 1 : 0))
                    ledger.Wrongs.Enqueue($"call {made} of caller {caller} was served {ledger.TimesServed(caller, made)} times");
            }
        }

        return (answered, stillborn);
    }

    private static Task Call(IStormGrain grain, int kind, int caller, int number) => kind switch
    {
        0 or 1 => grain.EndAsync(caller, number),
        2 or 3 => grain.StartTimerAsync(caller, number),
        _ => grain.ServeAsync(caller, number),
    };
}
