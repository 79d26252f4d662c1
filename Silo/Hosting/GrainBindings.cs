using System.Collections.Frozen;
using System.Reflection;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Silo.Hosting;

/// <summary>
/// Which of Orleans' interfaces stands for which contract: an interface of this program that extends a <c>[Grain]</c> or a
/// <c>[Callback]</c>. Found by that mark, not guessed from the tree of interfaces.
/// </summary>
internal sealed class GrainBindings
{
    private readonly FrozenDictionary<Type, Type> _interfaces;

    public GrainBindings(params IEnumerable<Assembly> assemblies) => _interfaces = assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.IsInterface && type.IsAssignableTo(typeof(IAddressable)))
        .Select(type => (Contract: type.GetInterfaces().SingleOrDefault(IsContract), Interface: type))
        .Where(pair => pair.Contract is not null)
        .ToFrozenDictionary(pair => pair.Contract!, pair => pair.Interface);

    /// <summary>The interface of Orleans for that contract.</summary>
    public Type Of(Type contract) => _interfaces.TryGetValue(contract, out var found)
        ? found
        : throw new InvalidOperationException($"Nothing binds {contract.Name} to Orleans; see Silo/Hosting/README.md.");

    private static bool IsContract(Type type) => type.IsDefined(typeof(GrainAttribute), inherit: false) || type.IsDefined(typeof(CallbackAttribute), inherit: false);
}
