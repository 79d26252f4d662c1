using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>A value that flows with the caller, and must not flow into a grain.</summary>
public static class Ambient
{
    private static readonly AsyncLocal<string?> Here = new();

    public static string? Value
    {
        get => Here.Value;
        set => Here.Value = value;
    }
}

/// <inheritdoc cref="ITurnGrain"/>
public class TurnGrain(IGrainLife life, Journals journals) : ITurnGrain
{
    private readonly Journal _journal = journals.Of(life.Key);
    private int _sum;

    public async Task HoldAsync(string name)
    {
        _journal.Write($"{name} in");
        await _journal.PassAsync(name);
        _journal.Write($"{name} out");
    }

    public async Task StepAsync(string name)
    {
        _journal.Write($"{name} in");
        for (var i = 0; i < 3; i++)
            await Task.Yield();
        _journal.Write($"{name} out");
    }

    public Task<int> AddAsync(int amount) => Task.FromResult(_sum += amount);

    public Task<Note> EchoAsync(Note note) => Task.FromResult(note);

    public Task ThrowAsync(string words, bool atOnce) => atOnce ? throw new InvalidOperationException(words) : ThrowAsync(words);

    public Task ServeAsync(string name, CancellationToken cancellationToken)
    {
        _journal.Write($"{name} served");
        return Task.CompletedTask;
    }

    public async Task<string?> AmbientAsync()
    {
        var seen = Ambient.Value;
        Ambient.Value = "the grain's";
        await Task.Yield();
        return seen;
    }

    private static async Task ThrowAsync(string words)
    {
        await Task.Yield();
        throw new InvalidOperationException(words);
    }
}

/// <inheritdoc cref="ILifeGrain"/>
public class LifeGrain(IGrainLife life, Journals journals) : ILifeGrain, IGrainLifecycle
{
    private readonly Journal _journal = journals.Of(life.Key);
    private readonly Dictionary<string, IDisposable> _timers = new(StringComparer.Ordinal);
    private int _life;

    public Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _journal.FailIfAsked("birth");
        _life = _journal.Next("life");
        _journal.Write($"born {_life}");
        return Task.CompletedTask;
    }

    public async Task OnDeactivateAsync(string reason, CancellationToken cancellationToken)
    {
        _journal.Write($"dying {_life}");
        await _journal.PassAsync("death");
        _journal.FailIfAsked("death");
        _journal.Write($"died {_life}");
    }

    public Task<int> TouchAsync() => Task.FromResult(_life);

    public async Task HoldAsync(string name)
    {
        _journal.Write($"{name} in");
        await _journal.PassAsync(name);
        _journal.Write($"{name} out");
    }

    public Task StartTimerAsync(string name, TimeSpan due, TimeSpan period)
    {
        _timers[name] = life.StartTimer(_ => TickAsync(name), due, period);
        return Task.CompletedTask;
    }

    public Task StopTimerAsync(string name)
    {
        _timers[name].Dispose();
        return Task.CompletedTask;
    }

    public Task StayForAsync(TimeSpan span)
    {
        life.StayFor(span);
        return Task.CompletedTask;
    }

    public Task EndAsync()
    {
        life.EndWhenIdle();
        return Task.CompletedTask;
    }

    private async Task TickAsync(string name)
    {
        _journal.Write($"{name} {_journal.Next(name)}");
        await _journal.PassAsync(name);
        _journal.FailIfAsked(name);
    }
}

/// <inheritdoc cref="ICallerGrain"/>
public class CallerGrain(IGrainLife life, IGrains grains, Journals journals) : ICallerGrain
{
    private readonly Journal _journal = journals.Of(life.Key);

    public Task<int> AddToAsync(string key, int amount) => grains.Get<ITurnGrain>(key).AddAsync(amount);

    public async Task<string> TellAsync(IListener listener, string words)
    {
        _journal.Write($"tells {words}");
        try
        {
            return await listener.HearAsync(words);
        }
        catch (CallbackGoneException)
        {
            return "gone";
        }
    }

    public async Task<IReadOnlyList<string>> TellAllAsync(IListener listener, IReadOnlyList<string> words) =>
        await Task.WhenAll(words.Select(listener.HearAsync));
}

/// <inheritdoc cref="IPumpGrain"/>
public class PumpGrain(IGrainLife life, Pumps pumps, Journals journals) : IPumpGrain, IGrainLifecycle
{
    private readonly Journal _journal = journals.Of(life.Key);

    public Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task OnDeactivateAsync(string reason, CancellationToken cancellationToken)
    {
        _journal.Write("dying");
        await pumps.DisposeAsync();
        _journal.Write("died");
    }

    public Task PumpAsync(IListener listener, string words)
    {
        pumps.Start(async stop =>
        {
            _journal.Write("pump in");
            _journal.Write($"pump heard {await listener.HearAsync(words)}");
            await new TaskCompletionSource().Task.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _journal.Write("pump out");
        });
        return Task.CompletedTask;
    }

    public Task WriteAsync(string line)
    {
        _journal.Write(line);
        return Task.CompletedTask;
    }

    public Task EndAsync()
    {
        life.EndWhenIdle();
        return Task.CompletedTask;
    }
}
