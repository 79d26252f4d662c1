using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>How the in-process host behaves.</summary>
public sealed class InProcessGrainsOptions
{
    /// <summary>How long a caller waits before it gets <see cref="TimeoutException"/>. Default: 10 seconds.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a grain may be idle before it is ended, unless it asked to stay. Default: 2 minutes.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long grains may take to end when the host does; those that take longer are left behind. Default: 1 second.</summary>
    public TimeSpan EndTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Behaves as a cluster would: messages are copied through JSON, a cycle of calls throws, grains end at random between
    /// calls. All tests run so. Default: off.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>In strict mode, the share of calls after which the grain is ended. Default: 0.1.</summary>
    public double EndProbability { get; init; } = 0.1;

    /// <summary>Seed of that choice. Default: 0.</summary>
    public int Seed { get; init; }
}

/// <summary>Grains as objects of this process: a dictionary from key to mailbox. Identity is unique in this process only.</summary>
public sealed partial class InProcessGrains : IGrains, IAsyncDisposable
{
    private readonly FrozenDictionary<Type, GrainRegistration> _registrations;
    private readonly ConcurrentDictionary<Type, FrozenDictionary<MethodInfo, RemoteMethod>> _callbacks = new();
    private readonly InProcessGrainsOptions _options;
    private readonly CallOptions _calls;
    private readonly Random _random;
    private readonly ITimer _sweep;
    private Task? _end;
    private volatile bool _isEnding;

    /// <summary>Takes what it hosts, how, and the clock of its time-outs.</summary>
    public InProcessGrains(
        IServiceProvider services, IEnumerable<GrainRegistration> registrations, InProcessGrainsOptions options, TimeProvider time, ILogger<InProcessGrains> logger)
    {
        _registrations = registrations.ToFrozenDictionary(registration => registration.Contract);
        _options = options;
        _calls = new CallOptions(options.CallTimeout, time, options.Strict);
        _random = new Random(options.Seed);
        Services = services;
        Time = time;
        Logger = logger;
        var every = options.IdleTimeout / 4;
        _sweep = time.CreateTimer(_ => EndIdle(), state: null, every, every);
    }

    internal IServiceProvider Services { get; }
    internal TimeProvider Time { get; }
    internal ILogger Logger { get; }

    /// <summary>From here on no grain comes to life.</summary>
    internal bool IsEnding => _isEnding;

    /// <summary>How many grains of a kind are alive.</summary>
    public int Count<T>() => _registrations[typeof(T)].Activations.Values.Count(activation => activation.IsAlive);

    /// <inheritdoc/>
    public T Get<T>(string key) where T : class
    {
        if (!_registrations.TryGetValue(typeof(T), out var registration))
            throw new InvalidOperationException($"No grain is registered for {typeof(T).Name}; call AddGrain<{typeof(T).Name}, ...>().");
        return (T)RemoteProxy.Create(typeof(T), registration.Methods, (method, arguments) => CallAsync(registration, key, method, arguments));
    }

    /// <inheritdoc/>
    public ICallback<T> Share<T>(T target) where T : class
    {
        if (!typeof(T).IsDefined(typeof(CallbackAttribute), inherit: false))
            throw new InvalidOperationException($"{typeof(T).Name} is not marked [Callback].");

        var mailbox = new CallbackMailbox(target);
        var methods = _callbacks.GetOrAdd(typeof(T), RemoteMethod.AllOf);
        var reference = RemoteProxy.Create(typeof(T), methods, (method, arguments) => CallAsync(mailbox, method, arguments));
        return new Callback<T>((T)reference, mailbox);
    }

    /// <summary>
    /// Ends every grain, after what waits for it now, and waits for that at most the time of the options. Calls to what is not
    /// alive fail with <see cref="ObjectDisposedException"/>. Repeating it is safe.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        lock (_random)
            return new ValueTask(_end ??= EndAllAsync());
    }

    /// <summary>A timestamp that far from now; the far end of time when it is further.</summary>
    internal long Deadline(TimeSpan span) =>
        span >= TimeSpan.FromDays(365) ? long.MaxValue : Time.GetTimestamp() + (long)(span.TotalSeconds * Time.TimestampFrequency);

    /// <summary>Strict mode's coin.</summary>
    internal bool EndsAtRandom()
    {
        if (!_options.Strict || _isEnding)
            return false;
        lock (_random)
            return _random.NextDouble() < _options.EndProbability;
    }

    /// <summary>Drops a place in which nothing lives; the next call makes another.</summary>
    internal static void Forget(GrainRegistration registration, Activation activation) =>
        registration.Activations.TryRemove(KeyValuePair.Create(activation.Key, activation));

    /// <summary>In strict mode the chain of a turn that nobody called: a timer's, or that of a grain's birth or end.</summary>
    internal CallChain? NewChain(Mailbox target) => _options.Strict ? new CallChain(null, target) : null;

    private Task CallAsync(GrainRegistration registration, string key, RemoteMethod method, object?[] arguments)
    {
        method.CheckCallbacks(arguments);
        if (method.TokenOf(arguments) is { IsCancellationRequested: true } token)
            return method.CanceledAsync(token);

        var call = method.Prepare(arguments, _calls);
        while (true)
        {
            var activation = registration.Activations.GetOrAdd(
                key, static (key, state) => new Activation(state.Host, state.Registration, key), (Host: this, Registration: registration));
            call.Chain = Extend(activation, method);
            // Refused only by a place that was just dropped for being empty: the next look-up makes a new one.
            if (activation.TryPost(call))
                return call.Completion;
        }
    }

    private Task CallAsync(CallbackMailbox mailbox, RemoteMethod method, object?[] arguments)
    {
        method.CheckCallbacks(arguments);
        if (method.TokenOf(arguments) is { IsCancellationRequested: true } token)
            return method.CanceledAsync(token);

        var call = method.Prepare(arguments, _calls);
        call.Chain = Extend(mailbox, method);
        if (!mailbox.TryPost(call))
            call.Fail(new CallbackGoneException());
        return call.Completion;
    }

    private CallChain? Extend(Mailbox target, RemoteMethod method)
    {
        if (!_options.Strict)
            return null;
        if (CallChain.Holds(CallChain.Current, target))
            throw new InvalidOperationException($"{method.Name} was called from within itself: a cycle of calls would wait for ever. Calls go inward only.");
        return new CallChain(CallChain.Current, target);
    }

    private async Task EndAllAsync()
    {
        // Before the look around: a grain that comes to life without having seen this is in its place already.
        _isEnding = true;
        await _sweep.DisposeAsync();
        var ending = _registrations.Values.SelectMany(registration => registration.Activations.Values).Select(place => place.EndAsync()).ToList();
        try
        {
            await Task.WhenAll(ending).WaitAsync(_options.EndTimeout, Time);
        }
        catch (TimeoutException)
        {
            LogLeftBehind(Logger, ending.Count(end => !end.IsCompleted), _options.EndTimeout);
        }
    }

    private void EndIdle()
    {
        var now = Time.GetTimestamp();
        var idleSince = now - (long)(_options.IdleTimeout.TotalSeconds * Time.TimestampFrequency);
        foreach (var registration in _registrations.Values)
        {
            foreach (var (_, activation) in registration.Activations)
                activation.EndIfIdle(idleSince, now);
        }
    }

    [LoggerMessage(1004, LogLevel.Error, "{Grains} grains did not end within {Timeout} and are left behind")]
    private static partial void LogLeftBehind(ILogger logger, int grains, TimeSpan timeout);
}
