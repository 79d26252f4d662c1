using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Orchestrator.Domain.Policies;

/// <summary>Looks up a frame's type by its bytes, without making a text of them.</summary>
internal sealed class TypeTable<T> where T : class
{
    private readonly Dictionary<byte[], T> _rules = new(Utf8Comparer.Instance);
    private readonly Dictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    public TypeTable() => _lookup = _rules.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>How many types it knows.</summary>
    public int Count => _rules.Count;

    /// <summary>What is known of a type, or null.</summary>
    public T? Find(ReadOnlySpan<byte> type) => _lookup.TryGetValue(type, out var found) ? found : null;

    /// <summary>What is known of a type, made if nothing was.</summary>
    public T At(string type, Func<T> make)
    {
        var utf8 = Encoding.UTF8.GetBytes(type);
        if (!_rules.TryGetValue(utf8, out var found))
            _rules[utf8] = found = make();
        return found;
    }
}

/// <summary>Compares bytes.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static Utf8Comparer Instance { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = new HashCode();
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
