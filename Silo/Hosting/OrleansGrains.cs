using System.Reflection;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Silo.Hosting;

/// <summary>Grains as Orleans knows them: one activation of a key in the cluster, wherever it is.</summary>
internal sealed class OrleansGrains(IGrainFactory factory, GrainBindings bindings, TimeProvider time) : IGrains
{
    private static readonly MethodInfo CreateReference = typeof(IGrainFactory).GetMethod(nameof(IGrainFactory.CreateObjectReference))!;
    private static readonly MethodInfo DeleteReference = typeof(IGrainFactory).GetMethod(nameof(IGrainFactory.DeleteObjectReference))!;

    /// <inheritdoc/>
    public T Get<T>(string key) where T : class => (T)factory.GetGrain(bindings.Of(typeof(T)), key);

    /// <inheritdoc/>
    public ICallback<T> Share<T>(T target) where T : class
    {
        if (!typeof(T).IsDefined(typeof(CallbackAttribute), inherit: false))
            throw new InvalidOperationException($"{typeof(T).Name} is not marked [Callback].");

        var observer = bindings.Of(typeof(T));
        var relay = CallbackRelay.For(observer, target);
        var reference = CreateReference.MakeGenericMethod(observer).Invoke(factory, [relay])!;
        return new CallbackLease<T>((T)reference, relay, () => DeleteReference.MakeGenericMethod(observer).Invoke(factory, [reference]), time);
    }
}
