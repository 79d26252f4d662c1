using System.Collections.Frozen;
using System.Reflection;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>Turns calls on an interface into posted items. Made by the framework, so it can have no constructor of use.</summary>
internal class RemoteProxy : DispatchProxy
{
    private FrozenDictionary<MethodInfo, RemoteMethod>? _methods;
    private Func<RemoteMethod, object?[], Task>? _call;

    /// <summary>A proxy for <paramref name="contract"/> that hands every call on.</summary>
    public static object Create(Type contract, FrozenDictionary<MethodInfo, RemoteMethod> methods, Func<RemoteMethod, object?[], Task> call)
    {
        var proxy = (RemoteProxy)Create(contract, typeof(RemoteProxy));
        proxy._methods = methods;
        proxy._call = call;
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _call!(_methods![targetMethod!], args ?? []);
}
