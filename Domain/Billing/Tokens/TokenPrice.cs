namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>Step 9: what tokens cost at one level of the reseller tree, each kind its own, as locked when a session's first usage came.</summary>
public sealed class TokenPrice : IEquatable<TokenPrice>
{
    /// <summary>A million units for a million tokens: no count that a session can reach costs more than is reckoned with exactly.</summary>
    public const decimal MaxMicrosPerMillion = 1_000_000_000_000m;

    // Whole millionths of a micro-unit, so that products and sums are whole numbers and exact as they are in SQL.
    private const long Scale = 1_000_000;

    private readonly decimal[] _microsPerMillion;

    /// <summary>Takes millionths of the currency's unit for a million of each kind, in the order of the kinds, with at most six decimals.</summary>
    public TokenPrice(params IReadOnlyList<decimal> microsPerMillion)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(microsPerMillion.Count, TokenKinds.Count, nameof(microsPerMillion));
        foreach (var micros in microsPerMillion)
        {
            if (micros is < 0 or > MaxMicrosPerMillion || decimal.Round(micros, 6) != micros)
                throw new ArgumentOutOfRangeException(nameof(microsPerMillion), micros, $"A price is from 0 to {MaxMicrosPerMillion} with up to six decimals.");
        }

        _microsPerMillion = [.. microsPerMillion];
    }

    /// <summary>What a million of one kind cost, in micro-units.</summary>
    public decimal this[TokenKind kind] => _microsPerMillion[(int)kind];

    /// <summary>The prices in the order of their kinds.</summary>
    public IReadOnlyList<decimal> ByKind => _microsPerMillion;

    /// <summary>
    /// The cumulative charge in whole micro-units for all that a session has used so far, cut off below. It never falls while counts
    /// grow, so each settlement posts Settled(to) - Settled(from) and their sum is exact, however many responses there were.
    /// </summary>
    public long Settled(TokenCounts counts)
    {
        Int128 exact = 0;
        foreach (var kind in TokenKinds.All)
            exact += (Int128)counts.Known(kind) * (long)(this[kind] * Scale);
        // A price is for a million, and is told in millionths of a micro-unit.
        return checked((long)(exact / Scale / 1_000_000));
    }

    /// <inheritdoc/>
    public bool Equals(TokenPrice? other) => other is not null && _microsPerMillion.AsSpan().SequenceEqual(other._microsPerMillion);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TokenPrice);

    /// <inheritdoc/>
    public override int GetHashCode() => _microsPerMillion.Aggregate(0, HashCode.Combine);
}
