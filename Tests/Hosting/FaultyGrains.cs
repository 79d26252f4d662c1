using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>Goes wrong in the way its key says; without such a key it works.</summary>
[Grain]
public interface IFaultyGrain
{
    /// <summary>A call, wrong or not.</summary>
    Task<int> CallAsync();

    /// <summary>Begins whatever goes wrong beside the calls.</summary>
    Task StartAsync();

    /// <summary>Asks to end.</summary>
    Task EndAsync();
}

/// <summary>Ways to go wrong; as keys of <see cref="IFaultyGrain"/>.</summary>
public static class Fault
{
    public const string ThrowingCall = "a call that throws";
    public const string CancelledCall = "a call that was cancelled by nobody";
    public const string EndlessCall = "a call that never completes";
    public const string ThrowingBirth = "a birth that throws";
    public const string EndlessBirth = "a birth that never completes";
    public const string ThrowingDeath = "a death that throws";
    public const string EndlessDeath = "a death that never completes";
    public const string ThrowingDispose = "a disposal that throws";
    public const string ThrowingTimer = "a timer that throws";
    public const string EndlessTimer = "a timer that never completes";
    public const string ThrowingStop = "a timer's token that throws";
    public const string ThrowingPump = "a pump that throws";
    public const string DeafPump = "a pump that does not hear that it should stop";
}

/// <inheritdoc cref="IFaultyGrain"/>
public sealed class FaultyGrain(IGrainLife life, Pumps pumps, Journals journals) : IFaultyGrain, IGrainLifecycle, IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Journal _journal = journals.Of(life.Key);
    private int _calls;

    public Task OnActivateAsync(CancellationToken cancellationToken) => ActAsync(Fault.ThrowingBirth, Fault.EndlessBirth);

    public async Task OnDeactivateAsync(string reason, CancellationToken cancellationToken)
    {
        _journal.Write("dying");
        await ActAsync(Fault.ThrowingDeath, Fault.EndlessDeath);
        await pumps.DisposeAsync();
        _journal.Write("died");
    }

    public async Task<int> CallAsync()
    {
        _journal.Write("called");
        await ActAsync(Fault.ThrowingCall, Fault.EndlessCall);
        return life.Key == Fault.CancelledCall ? throw new OperationCanceledException("nobody cancelled this") : ++_calls;
    }

    public Task StartAsync()
    {
        if (life.Key is Fault.ThrowingTimer or Fault.EndlessTimer)
            _ = life.StartTimer(_ => TurnAsync(), Second, Second);
        if (life.Key is Fault.ThrowingStop)
            _ = life.StartTimer(HangOn, Second, Second);
        if (life.Key is Fault.ThrowingPump or Fault.DeafPump)
            pumps.Start(_ => TurnAsync());
        return Task.CompletedTask;
    }

    public Task EndAsync()
    {
        life.EndWhenIdle();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() =>
        life.Key == Fault.ThrowingDispose ? throw new InvalidOperationException(life.Key) : ValueTask.CompletedTask;

    private Task HangOn(CancellationToken stop)
    {
        _ = stop.Register(() => throw new InvalidOperationException(life.Key));
        _journal.Write("turn");
        return Task.CompletedTask;
    }

    private Task TurnAsync()
    {
        _journal.Write("turn");
        return life.Key is Fault.ThrowingTimer or Fault.ThrowingPump ? throw new InvalidOperationException(life.Key) : _journal.PassAsync("for ever");
    }

    private async Task ActAsync(string throwing, string endless)
    {
        if (life.Key == endless)
            await _journal.PassAsync("for ever");
        if (life.Key == throwing)
            throw new InvalidOperationException(life.Key);
    }
}
