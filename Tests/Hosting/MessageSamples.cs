using System.Reflection;

namespace Orchestrator.Tests.Hosting;

/// <summary>Messages made up from their constructors, every case of every family among them.</summary>
internal static class MessageSamples
{
    private static readonly Dictionary<Type, object> Values = new()
    {
        [typeof(string)] = "words – with \"quotes\"",
        [typeof(bool)] = true,
        [typeof(int)] = 7,
        [typeof(long)] = 1L << 40,
        [typeof(double)] = 0.1,
        [typeof(decimal)] = 12.345m,
        [typeof(Guid)] = Guid.Parse("0198a5a2-0000-7000-8000-000000000001"),
        [typeof(DateTimeOffset)] = new DateTimeOffset(2026, 1, 1, 12, 0, 0, 123, TimeSpan.Zero),
        [typeof(DateOnly)] = new DateOnly(2026, 1, 1),
        [typeof(TimeSpan)] = TimeSpan.FromMilliseconds(90_001),
        [typeof(byte[])] = new byte[] { 0, 1, 254, 255 },
        [typeof(Uri)] = new Uri("https://example.com/path?query=1"),
    };

    /// <summary>Samples of a type; of a family one for each case.</summary>
    public static IReadOnlyList<object> Of(Type type)
    {
        if (Values.TryGetValue(type, out var value))
            return [value];
        if (type.IsEnum)
            return [Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1)!];
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Of(underlying);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return [Invoke(nameof(ListOf), type.GetGenericArguments())];
        if (type.IsAbstract)
            return [.. ContractShape.CasesOf(type).SelectMany(Of)];

        var constructor = type.GetConstructors().Where(known => known.GetParameters() is not [var only] || only.ParameterType != type)
            .MaxBy(known => known.GetParameters().Length)
            ?? throw new InvalidOperationException($"{type.Name} has no public constructor.");
        return [constructor.Invoke([.. constructor.GetParameters().Select(parameter => Of(parameter.ParameterType)[0])])];
    }

    private static object Invoke(string method, Type[] types) =>
        typeof(MessageSamples).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(types).Invoke(null, null)!;

    private static IReadOnlyList<T> ListOf<T>() => [.. Of(typeof(T)).Cast<T>()];
}
