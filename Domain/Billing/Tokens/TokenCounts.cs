namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>So many of each kind. A kind that nobody told is unknown, which is not zero; in sums it adds nothing.</summary>
public sealed class TokenCounts : IEquatable<TokenCounts>
{
    private readonly long?[] _counts;

    /// <summary>Takes counts in the order of their kinds; those that are left out at the end are zero.</summary>
    public TokenCounts(params IReadOnlyList<long?> counts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(counts.Count, TokenKinds.Count, nameof(counts));
        _counts = new long?[TokenKinds.Count];
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] = i < counts.Count ? counts[i] : 0;
        if (_counts.Any(count => count < 0))
            throw new ArgumentOutOfRangeException(nameof(counts), this, "A count is not negative.");
    }

    /// <summary>Nothing of any kind.</summary>
    public static TokenCounts Zero { get; } = new();

    /// <summary>How many of one kind; null when that is unknown.</summary>
    public long? this[TokenKind kind] => _counts[(int)kind];

    /// <summary>Whether every kind is known.</summary>
    public bool AreKnown => Array.TrueForAll(_counts, count => count is not null);

    /// <summary>Whether nothing is known to have been used.</summary>
    public bool IsEmpty => Array.TrueForAll(_counts, count => count is null or 0);

    /// <summary>The counts in the order of their kinds.</summary>
    public IReadOnlyList<long?> ByKind => _counts;

    /// <summary>As many of one kind as are known.</summary>
    public long Known(TokenKind kind) => _counts[(int)kind] ?? 0;

    /// <summary>Both together. Every kind of a sum is known.</summary>
    public TokenCounts Plus(TokenCounts more) => new([.. _counts.Zip(more._counts, long? (one, other) => checked((one ?? 0) + (other ?? 0)))]);

    /// <inheritdoc/>
    public bool Equals(TokenCounts? other) => other is not null && _counts.AsSpan().SequenceEqual(other._counts);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TokenCounts);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var count in _counts)
            hash.Add(count);
        return hash.ToHashCode();
    }

    /// <summary>The kinds that are not zero, such as <c>TextIn 55, AudioIn ?</c>.</summary>
    public override string ToString() =>
        string.Join(", ", TokenKinds.All.Where(kind => this[kind] != 0).Select(kind => FormattableString.Invariant($"{kind} {this[kind]?.ToString() ?? "?"}")));
}
