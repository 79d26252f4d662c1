using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Tests.Hosting;

/// <summary>The form of contracts and messages: rules 5 and 8 of Grains/Hosting/README.md.</summary>
internal static class ContractShape
{
    private static readonly HashSet<Type> Values =
    [
        typeof(string), typeof(bool), typeof(int), typeof(long), typeof(double), typeof(decimal),
        typeof(Guid), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeSpan), typeof(Uri),
        // Frames: an array that its sender never writes to again. A host may pass it by reference.
        typeof(byte[]),
    ];

    private static readonly HashSet<Type> Collections = [typeof(IReadOnlyList<>), typeof(IReadOnlyDictionary<,>), typeof(ImmutableArray<>)];

    /// <summary>What no host could carry, or only one of them.</summary>
    public static IReadOnlyList<string> FaultsOf(Type contract)
    {
        var members = contract.GetMembers().Where(member => member is not MethodInfo).Select(member => $"{member.Name} is no method");
        var overloads = contract.GetMethods().GroupBy(method => method.Name).Where(same => same.Count() > 1).Select(same => $"{same.Key} is overloaded");
        var methods = contract.GetInterfaces().Append(contract).SelectMany(type => type.GetMethods()).SelectMany(FaultsOf);
        return [.. members, .. overloads, .. methods, .. MessagesOf(contract).SelectMany(FaultsOfMessage)];
    }

    /// <summary>Every type that travels by the contract, and what those are made of.</summary>
    public static IReadOnlyList<Type> MessagesOf(Type contract)
    {
        var found = new HashSet<Type>();
        foreach (var method in contract.GetMethods())
        {
            foreach (var parameter in method.GetParameters().Where(parameter => parameter.ParameterType != typeof(CancellationToken)))
                Collect(parameter.ParameterType, found);
            if (method.ReturnType.IsGenericType)
                Collect(method.ReturnType.GetGenericArguments()[0], found);
        }

        return [.. found];
    }

    /// <summary>The cases of a family that are named for the wire.</summary>
    public static IReadOnlyList<Type> CasesOf(Type family) => [.. family.GetCustomAttributes<JsonDerivedTypeAttribute>().Select(attribute => attribute.DerivedType)];

    private static IEnumerable<string> FaultsOf(MethodInfo method)
    {
        var result = method.ReturnType;
        if (result != typeof(Task) && !(result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Task<>)))
            yield return $"{method.Name} answers no task";
        if (method.IsGenericMethod)
            yield return $"{method.Name} is generic";

        var parameters = method.GetParameters();
        if (parameters.Any(parameter => parameter.ParameterType.IsByRef))
            yield return $"{method.Name} takes a parameter by reference";
        if (parameters.SkipLast(1).Any(parameter => parameter.ParameterType == typeof(CancellationToken)))
            yield return $"{method.Name} takes its token not last";
    }

    private static void Collect(Type type, HashSet<Type> found)
    {
        if (IsPlain(type) || !found.Add(type))
            return;
        if (type.IsGenericType && (Collections.Contains(type.GetGenericTypeDefinition()) || Nullable.GetUnderlyingType(type) is not null))
        {
            found.Remove(type);
            foreach (var part in type.GetGenericArguments())
                Collect(part, found);
            return;
        }

        if (typeof(System.Collections.IEnumerable).IsAssignableFrom(type) || typeof(Delegate).IsAssignableFrom(type))
            return;
        foreach (var part in PropertiesOf(type).Select(property => property.PropertyType).Concat(CasesOf(type)))
            Collect(part, found);
    }

    private static IEnumerable<string> FaultsOfMessage(Type type)
    {
        if (typeof(System.Collections.IEnumerable).IsAssignableFrom(type))
            yield return $"{type.Name} is a collection that may change";
        else if (typeof(Delegate).IsAssignableFrom(type))
            yield return $"{type.Name} is a delegate";
        else if (type.IsInterface || type == typeof(object))
            yield return $"{type.Name} says nothing of what travels";
        else if (type.IsValueType ? !type.IsDefined(typeof(IsReadOnlyAttribute)) : type.GetMethod("<Clone>$") is null)
            yield return $"{type.Name} is neither a record nor a readonly struct";
        else if (type is { IsClass: true, IsSealed: false, IsAbstract: false })
            yield return $"{type.Name} is neither sealed nor abstract";

        if (type.IsAbstract && type.IsClass)
        {
            foreach (var unnamed in type.Assembly.GetTypes().Where(known => known.IsSubclassOf(type) && !known.IsAbstract).Except(CasesOf(type)))
                yield return $"{unnamed.Name} is not named by {type.Name}";
        }

        foreach (var property in PropertiesOf(type).Where(property => property.SetMethod is { IsPublic: true } set && !IsInit(set)))
            yield return $"{type.Name}.{property.Name} can be set";
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public))
            yield return $"{type.Name}.{field.Name} is a field";
    }

    private static bool IsPlain(Type type) => Values.Contains(type) || type.IsEnum || type.IsDefined(typeof(CallbackAttribute), inherit: false);
    private static PropertyInfo[] PropertiesOf(Type type) => type.GetProperties(BindingFlags.Instance | BindingFlags.Public);
    private static bool IsInit(MethodInfo set) => set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
}
