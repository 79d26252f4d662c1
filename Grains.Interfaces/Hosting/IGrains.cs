namespace Orchestrator.Grains.Interfaces.Hosting;

/// <summary>The way to every grain and the only way to hand out a callback, whatever host runs underneath.</summary>
public interface IGrains
{
    /// <summary>
    /// The grain with this key. It need not exist: its first call brings it to life. Calls to it run one at a time.
    /// A call may end with <see cref="TimeoutException"/>; whether it took effect is then unknown.
    /// </summary>
    T Get<T>(string key) where T : class;

    /// <summary>
    /// A reference to <paramref name="target"/> that can travel in a message. Calls through it run one at a time, on no
    /// grain's turn. Disposing the lease deletes the reference: later calls answer <see cref="CallbackGoneException"/>.
    /// </summary>
    ICallback<T> Share<T>(T target) where T : class;
}

/// <summary>A callback that was handed out, for as long as its owner keeps it.</summary>
public interface ICallback<out T> : IDisposable where T : class
{
    /// <summary>What is passed to a grain in place of the target.</summary>
    T Reference { get; }
}

/// <summary>Marks an interface whose implementers are called back through <see cref="IGrains.Share"/>.</summary>
[AttributeUsage(AttributeTargets.Interface)]
public sealed class CallbackAttribute : Attribute;

/// <summary>Marks the interface of a grain: keyed by a string, one call at a time.</summary>
[AttributeUsage(AttributeTargets.Interface)]
public sealed class GrainAttribute : Attribute;

/// <summary>The owner of a callback has deleted it, or is gone.</summary>
public sealed class CallbackGoneException() : Exception("The callback was deleted by its owner.");
