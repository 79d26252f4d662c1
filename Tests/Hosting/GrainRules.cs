using Mono.Cecil;
using Mono.Cecil.Rocks;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Tests.Hosting;

/// <summary>
/// What a grain's compiled code may not touch: the analyzer's list and, beyond it, what only stands beside grains. Looks at the
/// class, its bases in the same assembly, and all the compiler made of its async methods and closures.
/// </summary>
internal static class GrainRules
{
    /// <summary>Allowed to what drives sockets and stores, and therefore not banned in the whole project.</summary>
    private static readonly string[] ForGrainsOnly =
    [
        "T:System.Threading.Lock",
        "T:System.Threading.Monitor",
        "T:System.Threading.SemaphoreSlim",
        "T:System.Threading.Mutex",
        "T:System.Threading.ReaderWriterLockSlim",
        "T:System.Threading.Thread",
        "T:System.Threading.ThreadPool",
        "T:System.Threading.PeriodicTimer",
        "M:System.TimeProvider.CreateTimer(System.Threading.TimerCallback,System.Object,System.TimeSpan,System.TimeSpan)",
        "T:System.Threading.Tasks.TaskFactory",
        "T:Orchestrator.Grains.Hosting.Background",
        "T:Orchestrator.Grains.Hosting.Periodic",
    ];

    /// <summary>Every class of the program that implements the interface of a grain.</summary>
    public static IReadOnlyList<Type> Grains { get; } =
    [
        .. typeof(SessionGrain).Assembly.GetTypes()
            .Where(type => type.IsClass && type.GetInterfaces().Any(contract => contract.IsDefined(typeof(GrainAttribute), inherit: false))),
    ];

    /// <summary>Documentation ids of what the analyzer bans, for everything and for the grains' project.</summary>
    public static IReadOnlyList<string> Banned { get; } =
    [
        .. new[] { "BannedSymbols.txt", "BannedSymbols.Grains.txt" }
            .SelectMany(file => File.ReadLines(Path.Combine(AppContext.BaseDirectory, file)))
            .Select(line => line.Split(';')[0]),
    ];

    /// <summary>What the class touches and may not, as "method touches id".</summary>
    public static IReadOnlyList<string> BrokenBy(Type grain)
    {
        var forbidden = Banned.Concat(ForGrainsOnly).ToHashSet(StringComparer.Ordinal);
        using var module = Read(grain.Assembly.Location);
        return [.. CodeOf(module.GetType(grain.FullName!.Replace('+', '/'))).SelectMany(type => Look(type, forbidden)).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether there is such a member in what the program is compiled against.</summary>
    public static bool Exists(string id)
    {
        var type = id.StartsWith("T:", StringComparison.Ordinal) ? id[2..] : id[2..].Split('(')[0] is var member ? member[..member.LastIndexOf('.')] : "";
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "System*.dll"))
        {
            using var module = Read(file);
            if (module.GetType(type) is { } found)
                return id[0] == 'T' || found.Methods.Cast<IMemberDefinition>().Concat(found.Properties).Any(known => DocCommentId.GetDocCommentId(known) == id);
        }

        return false;
    }

    private static ModuleDefinition Read(string file)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location));
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location));
        return ModuleDefinition.ReadModule(file, new ReaderParameters { AssemblyResolver = resolver });
    }

    private static IEnumerable<TypeDefinition> CodeOf(TypeDefinition type)
    {
        for (var known = type; known is not null && known.Module == type.Module; known = known.BaseType?.Resolve())
        {
            yield return known;
            foreach (var nested in known.NestedTypes.SelectMany(CodeOf))
                yield return nested;
        }
    }

    private static IEnumerable<string> Look(TypeDefinition type, HashSet<string> forbidden)
    {
        foreach (var field in type.Fields)
        {
            var ids = field.CustomAttributes.Select(attribute => attribute.AttributeType).Append(field.FieldType).Select(IdOf);
            foreach (var id in ids.Where(forbidden.Contains))
                yield return $"{type.Name}.{field.Name} touches {id}";
        }

        foreach (var method in type.Methods.Where(method => method.HasBody))
        {
            // Rule 9: hosts cancel with one or the other.
            if (method.Body.ExceptionHandlers.Any(handler => handler.CatchType?.FullName == typeof(TaskCanceledException).FullName))
                yield return $"{type.Name}.{method.Name} catches a subclass of OperationCanceledException";
            var called = method.Body.Instructions.Select(instruction => instruction.Operand).OfType<MethodReference>().ToList();
            foreach (var id in called.SelectMany(IdsOf).Where(id => forbidden.Contains(id) && !IsAwait(id, called)))
                yield return $"{type.Name}.{method.Name} touches {id}";
        }
    }

    /// <summary>
    /// The compiler awaits with IsCompleted and GetResult, always both; a wait that holds its thread is a GetResult without.
    /// </summary>
    private static bool IsAwait(string id, List<MethodReference> called) =>
        id.EndsWith("Awaiter.GetResult", StringComparison.Ordinal) || id.EndsWith("Awaiter`1.GetResult", StringComparison.Ordinal)
            ? Count(called, "GetResult") <= Count(called, "get_IsCompleted")
            : false;

    private static int Count(List<MethodReference> called, string name) =>
        called.Count(method => method.Name == name && method.DeclaringType.Name.Contains("Awaiter", StringComparison.Ordinal));

    private static IEnumerable<string> IdsOf(MethodReference reference)
    {
        yield return IdOf(reference.DeclaringType);
        if (reference.Resolve() is not { } method)
            yield break;
        yield return DocCommentId.GetDocCommentId(method);
        if (method.DeclaringType.Properties.FirstOrDefault(property => property.GetMethod == method) is { } property)
            yield return DocCommentId.GetDocCommentId(property);
    }

    private static string IdOf(TypeReference type) => $"T:{type.GetElementType().FullName.Replace('/', '.')}";
}
