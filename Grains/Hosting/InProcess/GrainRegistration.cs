using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>One kind of grain that the in-process host serves, and the places of its keys.</summary>
public sealed class GrainRegistration
{
    internal GrainRegistration(Type contract, Type implementation)
    {
        if (!contract.IsDefined(typeof(GrainAttribute), inherit: false))
            throw new InvalidOperationException($"{contract.Name} is not marked [Grain].");
        Contract = contract;
        Methods = RemoteMethod.AllOf(contract);
        Create = ActivatorUtilities.CreateFactory(implementation, [typeof(IGrainLife)]);
        KeepsDocuments = implementation.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            .Any(parameter => parameter.ParameterType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IGrainDocument<>));
    }

    internal Type Contract { get; }
    internal FrozenDictionary<MethodInfo, RemoteMethod> Methods { get; }
    internal ObjectFactory Create { get; }
    internal bool KeepsDocuments { get; }
    internal ConcurrentDictionary<string, Activation> Activations { get; } = new(StringComparer.Ordinal);
}

/// <summary>How a program says which grains it hosts itself.</summary>
public static class InProcessGrainsExtensions
{
    /// <summary>Serves <typeparamref name="TContract"/> in this process.</summary>
    public static IServiceCollection AddGrain<TContract, TGrain>(this IServiceCollection services)
        where TContract : class
        where TGrain : class, TContract =>
        services.AddSingleton(_ => new GrainRegistration(typeof(TContract), typeof(TGrain)));

    /// <summary>Makes <see cref="IGrains"/> the in-process host of what <see cref="AddGrain"/> named.</summary>
    public static IServiceCollection AddInProcessGrains(this IServiceCollection services, InProcessGrainsOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddScoped<LifeOfScope>();
        services.AddScoped<IGrainLife>(provider => provider.GetRequiredService<LifeOfScope>().Life);
        services.AddSingleton(provider => new InProcessGrains(
            provider,
            provider.GetServices<GrainRegistration>(),
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<InProcessGrains>>()));
        return services.AddSingleton<IGrains>(provider => provider.GetRequiredService<InProcessGrains>());
    }
}
