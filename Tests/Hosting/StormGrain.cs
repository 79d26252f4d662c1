using System.Collections.Concurrent;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Tests.Hosting;

/// <summary>Lives, calls and timers, each told to the ledger.</summary>
[Grain]
public interface IStormGrain
{
    /// <summary>Is served once.</summary>
    Task<int> ServeAsync(int caller, int number);

    /// <summary>Starts a timer that ticks once.</summary>
    Task StartTimerAsync(int caller, int number);

    /// <summary>Asks to end.</summary>
    Task EndAsync(int caller, int number);
}

/// <summary>What happened in a storm. It finds out at once whatever may not happen, and keeps it for the end.</summary>
public sealed class StormLedger
{
    private readonly ConcurrentDictionary<string, int> _living = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _turns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Key, int Caller), int> _last = new();
    private readonly ConcurrentDictionary<(int Caller, int Number), int> _served = new();
    private int _births;

    /// <summary>What happened and may not.</summary>
    public ConcurrentQueue<string> Wrongs { get; } = new();

    public int Births => _births;
    public int Living => _living.Values.Sum();
    public int Served => _served.Count;

    /// <summary>How often a call was served.</summary>
    public int TimesServed(int caller, int number) => _served.GetValueOrDefault((caller, number));

    /// <summary>Timers that were started, and what became of them.</summary>
    public ConcurrentDictionary<(int Caller, int Number), string> Timers { get; } = new();

    /// <summary>Timers whose grain lives and that have not ticked yet.</summary>
    public int PendingTimers => Timers.Values.Count(state => state == "pending");

    /// <summary>A life begins; some fail to.</summary>
    public void Born(string key)
    {
        var lives = _living.AddOrUpdate(key, 1, (_, lives) => lives + 1);
        if (lives != 1)
            Wrongs.Enqueue($"{key} lived {lives} times at once");
        if (Interlocked.Increment(ref _births) % 50 != 0)
            return;
        _living.AddOrUpdate(key, 0, (_, lives) => lives - 1);
        throw new StillbornException();
    }

    /// <summary>A life ends; some fail while they do.</summary>
    public void Died(string key)
    {
        if (_living.AddOrUpdate(key, 0, (_, lives) => lives - 1) == 0 && Births % 31 == 0)
            throw new InvalidOperationException("this death fails");
    }

    /// <summary>A turn of a key begins.</summary>
    public void Enter(string key)
    {
        if (_turns.AddOrUpdate(key, 1, (_, turns) => turns + 1) != 1)
            Wrongs.Enqueue($"{key} had two turns at once");
        if (_living.GetValueOrDefault(key) != 1)
            Wrongs.Enqueue($"{key} had a turn without a life");
    }

    /// <summary>It ends.</summary>
    public void Leave(string key) => _turns.AddOrUpdate(key, 0, (_, turns) => turns - 1);

    /// <summary>A call is served.</summary>
    public void Serve(string key, int caller, int number)
    {
        _served.AddOrUpdate((caller, number), 1, (_, times) => times + 1);
        var last = _last.GetValueOrDefault((key, caller));
        if (last >= number)
            Wrongs.Enqueue($"{key} served {number} of caller {caller} after {last}");
        _last[(key, caller)] = number;
    }
}

/// <summary>A life that did not come about.</summary>
public sealed class StillbornException() : Exception("this birth fails");

/// <inheritdoc cref="IStormGrain"/>
public class StormGrain(IGrainLife life, StormLedger ledger) : IStormGrain, IGrainLifecycle
{
    private readonly List<(int Caller, int Number)> _timers = [];

    public async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        ledger.Born(life.Key);
    }

    public async Task OnDeactivateAsync(string reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var timer in _timers)
            ledger.Timers.TryUpdate(timer, "ended with its grain", "pending");
        ledger.Died(life.Key);
    }

    public Task<int> ServeAsync(int caller, int number) => TurnAsync(() => ledger.Serve(life.Key, caller, number), number);

    public Task StartTimerAsync(int caller, int number) => TurnAsync(() =>
    {
        ledger.Serve(life.Key, caller, number);
        ledger.Timers[(caller, number)] = "pending";
        _timers.Add((caller, number));
        _ = life.StartTimer(_ => TickAsync((caller, number)), TimeSpan.FromMilliseconds(number % 3), Timeout.InfiniteTimeSpan);
    }, number);

    public Task EndAsync(int caller, int number) => TurnAsync(() =>
    {
        ledger.Serve(life.Key, caller, number);
        life.EndWhenIdle();
    }, number);

    private Task TickAsync((int Caller, int Number) timer) => TurnAsync(() =>
    {
        if (!ledger.Timers.TryUpdate(timer, "ticked", "pending"))
            ledger.Wrongs.Enqueue($"timer {timer} ticked when it {ledger.Timers[timer]}");
    }, 0);

    private async Task<int> TurnAsync(Action turn, int answer)
    {
        ledger.Enter(life.Key);
        if (answer % 2 == 0)
            await Task.Yield();
        turn();
        ledger.Leave(life.Key);
        return answer;
    }
}
