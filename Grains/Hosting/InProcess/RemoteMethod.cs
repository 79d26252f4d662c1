using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>One method of a grain or callback interface, prepared once.</summary>
internal abstract class RemoteMethod
{
    private readonly MethodInvoker _invoker;
    private readonly ParameterInfo[] _parameters;
    private readonly int _token;

    protected RemoteMethod(MethodInfo method)
    {
        _invoker = MethodInvoker.Create(method);
        _parameters = method.GetParameters();
        _token = Array.FindIndex(_parameters, parameter => parameter.ParameterType == typeof(CancellationToken));
        Name = $"{method.DeclaringType?.Name}.{method.Name}";
    }

    /// <summary>Interface and method, for messages.</summary>
    public string Name { get; }

    /// <summary>Every method of the interface and those it extends. Throws for a shape that no host can carry.</summary>
    public static FrozenDictionary<MethodInfo, RemoteMethod> AllOf(Type contract) =>
        contract.GetInterfaces().Append(contract).SelectMany(type => type.GetMethods()).ToFrozenDictionary(method => method, Create);

    /// <summary>The call, ready to be posted. In strict mode its arguments are copied here: what the caller changes later stays with the caller.</summary>
    public abstract RemoteCall Prepare(object?[] arguments, CallOptions options);

    /// <summary>The task of a call whose token was cancelled before it began.</summary>
    public abstract Task CanceledAsync(CancellationToken cancellationToken);

    /// <summary>The token among the arguments, if the method takes one.</summary>
    public CancellationToken TokenOf(object?[] arguments) => _token < 0 ? default : (CancellationToken)arguments[_token]!;

    /// <summary>Calls the method on a target.</summary>
    protected Task InvokeAsync(object target, object?[] arguments) => (Task)_invoker.Invoke(target, arguments.AsSpan())!;

    /// <summary>What the arguments look like after they travelled.</summary>
    protected object?[] RoundTrip(object?[] arguments)
    {
        var copies = new object?[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            var type = _parameters[i].ParameterType;
            copies[i] = i == _token || IsCallback(type) ? arguments[i] : RoundTrip(arguments[i], type);
        }

        return copies;
    }

    /// <summary>Refuses a raw object where only a shared reference may travel.</summary>
    public void CheckCallbacks(object?[] arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (IsCallback(_parameters[i].ParameterType) && arguments[i] is not (null or RemoteProxy))
                throw new ArgumentException($"{Name} was given a raw {arguments[i]!.GetType().Name}; callbacks travel as references from IGrains.Share.", nameof(arguments));
        }
    }

    /// <summary>What a value looks like after it travelled.</summary>
    protected static object? RoundTrip(object? value, Type type) =>
        JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(value, type, ContractJson.Options), type, ContractJson.Options);

    private static bool IsCallback(Type type) => type.IsDefined(typeof(CallbackAttribute), inherit: false);

    private static RemoteMethod Create(MethodInfo method)
    {
        var result = method.ReturnType;
        if (result == typeof(Task))
            return new RemoteMethod<Nothing>(method);
        if (result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Task<>))
            return (RemoteMethod)Activator.CreateInstance(typeof(RemoteMethod<>).MakeGenericType(result.GetGenericArguments()), method)!;
        throw new NotSupportedException($"{method.DeclaringType?.Name}.{method.Name} returns {result.Name}; grains and callbacks answer with tasks only.");
    }
}

/// <summary>The result of a call that has none.</summary>
internal readonly struct Nothing;

/// <inheritdoc/>
internal sealed class RemoteMethod<TResult>(MethodInfo method) : RemoteMethod(method)
{
    /// <inheritdoc/>
    public override RemoteCall Prepare(object?[] arguments, CallOptions options) =>
        new Call(this, options.IsStrict ? RoundTrip(arguments) : arguments, options);

    /// <inheritdoc/>
    public override Task CanceledAsync(CancellationToken cancellationToken) => Task.FromCanceled<TResult>(cancellationToken);

    private sealed class Call(RemoteMethod<TResult> method, object?[] arguments, CallOptions options) : RemoteCall
    {
        // The caller goes on elsewhere: it must not run inside the turn that answered it.
        private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override Task Completion => _answer.Task.WaitAsync(options.Timeout, options.Time);

        public override async Task RunAsync(object target)
        {
            try
            {
                // A caller that gave up before its turn is not served.
                method.TokenOf(arguments).ThrowIfCancellationRequested();
                CallChain.Enter(Chain);
                var task = method.InvokeAsync(target, arguments);
                await task;
                var result = task is Task<TResult> typed ? await typed : default!;
                _answer.TrySetResult(options.IsStrict && result is not Nothing ? (TResult)RoundTrip(result, typeof(TResult))! : result);
            }
            catch (OperationCanceledException exception)
            {
                _answer.TrySetCanceled(exception.CancellationToken);
            }
#pragma warning disable CA1031 // Whatever a grain throws belongs to its caller.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _answer.TrySetException(exception);
            }
        }

        public override void Fail(Exception exception) => _answer.TrySetException(exception);
    }
}

/// <summary>One call on its way.</summary>
internal abstract class RemoteCall : MailboxItem
{
    /// <summary>What the caller awaits: the answer, or a time-out that leaves the outcome unknown. To be asked for once, when posted.</summary>
    public abstract Task Completion { get; }
}

/// <summary>How calls are made.</summary>
/// <param name="Timeout">After this the caller is answered with <see cref="TimeoutException"/>.</param>
/// <param name="Time">The clock of that.</param>
/// <param name="IsStrict">Whether messages are copied through JSON.</param>
internal sealed record CallOptions(TimeSpan Timeout, TimeProvider Time, bool IsStrict);
