using System.Reflection;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Silo.Hosting;

/// <summary>
/// What Orleans calls in place of a shared target. Once the owner has deleted the callback it answers "gone" at once, where a
/// reference that Orleans no longer knows would leave the caller to its time-out.
/// </summary>
public class CallbackRelay : DispatchProxy, IGrainObserver
{
    private object? _target;

    internal static CallbackRelay For(Type observer, object target)
    {
        var relay = (CallbackRelay)Create(observer, typeof(CallbackRelay));
        relay._target = target;
        return relay;
    }

    /// <summary>From here on every call is answered with "gone".</summary>
    internal void Delete() => _target = null;

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _target is { } target ? targetMethod!.Invoke(target, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null) : throw new CallbackGoneException();
}

/// <summary>Holds a callback, which Orleans itself holds only weakly.</summary>
internal sealed class CallbackLease<T>(T reference, CallbackRelay relay, Action forget, TimeProvider time) : ICallback<T> where T : class
{
    /// <summary>How long a deleted reference still answers; longer than any call to it is under way.</summary>
    private static readonly TimeSpan Afterlife = TimeSpan.FromSeconds(30);

    private ITimer? _end;

    /// <inheritdoc/>
    public T Reference => reference;

    /// <inheritdoc/>
    public void Dispose()
    {
        relay.Delete();
        _end ??= time.CreateTimer(state => ((CallbackLease<T>)state!).Forget(), this, Afterlife, Timeout.InfiniteTimeSpan);
    }

    private void Forget()
    {
        _end?.Dispose();
        forget();
    }
}
