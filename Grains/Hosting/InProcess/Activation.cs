using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>
/// One key's place in the host: its mailbox and, while alive, its grain. The grain may end and be reborn in the same place,
/// one after the other in the one mailbox, so two instances of a key can never run at once.
/// </summary>
internal sealed partial class Activation(InProcessGrains host, GrainRegistration registration, string key) : Mailbox, IGrainLife
{
    private object? _grain;
    private AsyncServiceScope? _scope;
    private List<GrainTimer>? _timers;
    private long _lastUsed;
    private long _stayUntil = long.MinValue;
    private bool _endRequested;

    /// <inheritdoc/>
    public string Key => key;

    /// <summary>Whether a grain is alive here.</summary>
    public bool IsAlive => Volatile.Read(ref _grain) is not null;

    /// <inheritdoc/>
    public void StayFor(TimeSpan span) => _stayUntil = host.Deadline(span);

    /// <inheritdoc/>
    public void EndWhenIdle() => _endRequested = true;

    /// <inheritdoc/>
    public IDisposable StartTimer(Func<CancellationToken, Task> turn, TimeSpan due, TimeSpan period)
    {
        var timer = new GrainTimer(this, host, turn, due, period);
        // A grain that starts one after the other keeps only those that still run.
        (_timers ??= []).RemoveAll(old => old.IsStopped);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Ends the grain if nobody called it for the host's time-out and it did not ask to stay.</summary>
    public void EndIfIdle(long idleSince, long now)
    {
        if (IsIdle(idleSince, now))
            TryPost(new EndItem(this, idleSince, now));
    }

    /// <summary>Ends the grain after what waits now, whatever it asked for; the task is done when it has ended.</summary>
    public Task EndAsync()
    {
        var item = new EndItem(this);
        if (!TryPost(item))
            item.Ended.SetResult();
        return item.Ended.Task;
    }

    /// <inheritdoc/>
    protected override async Task RunAsync(MailboxItem item)
    {
        CallChain.Enter(item.Chain ?? host.NewChain(this));
        if (item is EndItem end)
        {
            if (end.IsStillDue)
                await DeactivateAsync("idle");
            end.Ended.TrySetResult();
            return;
        }

        // A timer's tick that was posted before its grain ended does not bring the next one to life.
        if (item is GrainTimer.Tick { IsStopped: true } || !await TryActivateAsync(item))
            return;

        await item.RunAsync(_grain!);
        // As on Orleans, a timer alone keeps no grain alive.
        if (item is not GrainTimer.Tick)
            Volatile.Write(ref _lastUsed, host.Time.GetTimestamp());

        if (host.EndsAtRandom())
            await DeactivateAsync("strict mode ends grains at random");
    }

    /// <inheritdoc/>
    protected override Task OnIdleAsync() => _endRequested ? DeactivateAsync("asked to end") : Task.CompletedTask;

    /// <inheritdoc/>
    protected override bool TryFinish()
    {
        if (IsAlive)
            return false;
        InProcessGrains.Forget(registration, this);
        return true;
    }

    private bool IsIdle(long since, long now) =>
        IsAlive && Volatile.Read(ref _lastUsed) < since && Volatile.Read(ref _stayUntil) <= now;

    private async Task<bool> TryActivateAsync(MailboxItem item)
    {
        if (_grain is not null)
            return true;

        if (host.IsEnding)
        {
            item.Fail(new ObjectDisposedException(nameof(InProcessGrains), $"{registration.Contract.Name} {key} cannot come to life: the host is ending."));
            return false;
        }

        object? grain = null;
        try
        {
            _endRequested = false;
            _stayUntil = long.MinValue;
            var scope = host.Services.CreateAsyncScope();
            _scope = scope;
            if (registration.KeepsDocuments)
                scope.ServiceProvider.GetRequiredService<LifeOfScope>().Life = this;
            grain = registration.Create(scope.ServiceProvider, [this]);
            if (grain is IGrainLifecycle lifecycle)
                await lifecycle.OnActivateAsync(CancellationToken.None);
            Volatile.Write(ref _grain, grain);
            return true;
        }
#pragma warning disable CA1031 // Whatever keeps a grain from living is the answer to the call that wanted it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogActivationFailed(host.Logger, exception, registration.Contract.Name, key);
            await ReleaseAsync(grain);
            item.Fail(exception);
            return false;
        }
    }

    private async Task DeactivateAsync(string reason)
    {
        if (_grain is not { } grain)
            return;

        CallChain.Enter(host.NewChain(this));
        StopTimers();
        try
        {
            if (grain is IGrainLifecycle lifecycle)
                await lifecycle.OnDeactivateAsync(reason, CancellationToken.None);
        }
#pragma warning disable CA1031 // The grain is ending either way; its next life must not suffer for it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDeactivationFailed(host.Logger, exception, registration.Contract.Name, key);
        }

        Volatile.Write(ref _grain, null);
        await ReleaseAsync(grain);
    }

    /// <summary>Disposes all that a life held, even one that did not come about. A failure here may not stop the mailbox.</summary>
    private async Task ReleaseAsync(object? grain)
    {
        StopTimers();
        try
        {
            if (grain is IAsyncDisposable disposable)
                await disposable.DisposeAsync();
            else
                (grain as IDisposable)?.Dispose();
        }
#pragma warning disable CA1031 // As above; the scope is still to be disposed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDeactivationFailed(host.Logger, exception, registration.Contract.Name, key);
        }

        var scope = _scope;
        _scope = null;
        try
        {
            // Asynchronously: a scope that holds something only disposable so refuses the other way.
            if (scope is { } held)
                await held.DisposeAsync();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDeactivationFailed(host.Logger, exception, registration.Contract.Name, key);
        }
    }

    private void StopTimers()
    {
        foreach (var timer in _timers ?? [])
        {
            try
            {
                timer.Dispose();
            }
#pragma warning disable CA1031 // What a grain hung on the timer's token may throw; the other timers stop all the same.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogDeactivationFailed(host.Logger, exception, registration.Contract.Name, key);
            }
        }

        _timers = null;
    }

    [LoggerMessage(1001, LogLevel.Error, "Grain {Contract} {Key} could not come to life")]
    private static partial void LogActivationFailed(ILogger logger, Exception exception, string contract, string key);

    [LoggerMessage(1002, LogLevel.Error, "Grain {Contract} {Key} failed while it ended")]
    private static partial void LogDeactivationFailed(ILogger logger, Exception exception, string contract, string key);

    /// <summary>Ends the grain, or ends it only if no call came in before this item's turn.</summary>
    private sealed class EndItem(Activation activation, long? idleSince = null, long now = 0) : MailboxItem
    {
        public bool IsStillDue => idleSince is not { } since || activation.IsIdle(since, now);
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public override Task RunAsync(object target) => Task.CompletedTask;
        public override void Fail(Exception exception) => Ended.TrySetResult();
    }
}
