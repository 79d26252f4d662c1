namespace Orchestrator.Domain.Billing;

/// <summary>Step 9: what one second costs at one level of the reseller tree, as locked when a generation starts.</summary>
/// <param name="MicrosPerSecond">Millionths of the currency's unit per second; fractions of a millionth are allowed, negatives are not.</param>
/// <param name="Rounding">How the seconds are counted.</param>
public sealed record Price(decimal MicrosPerSecond, Rounding Rounding)
{
    /// <summary>Millionths of the currency's unit per second, not negative.</summary>
    public decimal MicrosPerSecond { get; } =
        MicrosPerSecond >= 0 ? MicrosPerSecond : throw new ArgumentOutOfRangeException(nameof(MicrosPerSecond), MicrosPerSecond, "A price is not negative.");

    /// <summary>
    /// The cumulative charge in whole micro-units for a generation at <paramref name="milliseconds"/>, cut off below.
    /// It never falls while milliseconds grow, so a settlement posts Settled(to) - Settled(from) and their sum is exact.
    /// </summary>
    public long Settled(long milliseconds, bool closed) =>
        (long)decimal.Floor(Rounding.Units(milliseconds, closed) * MicrosPerSecond);

    /// <summary>
    /// The longest generation that costs at most so much when it closes: the inverse of <see cref="Settled"/>. At most
    /// <see cref="Seconds.MaxMilliseconds"/>; 0 when the smallest charge is too much.
    /// </summary>
    /// <param name="micros">What may be spent; below zero nothing may.</param>
    public long Affordable(long micros)
    {
        if (micros < 0)
            return 0;
        // Where all there is can be paid for nothing is divided: with a price of many decimals it would leave the range of the type.
        if (MicrosPerSecond <= micros / (decimal)Seconds.MaxMilliseconds)
            return Rounding.Longest(Seconds.MaxMilliseconds);
        // Cut off below, a charge is within the amount as long as it is less than the next whole micro-unit.
        var most = decimal.Ceiling((micros + 1m) / MicrosPerSecond) - 1;
        return Rounding.Longest((long)Math.Min(most, Seconds.MaxMilliseconds));
    }
}

/// <summary>An amount of money: whole millionths of a currency's unit.</summary>
/// <param name="Micros">1,000,000 is one unit of the currency.</param>
/// <param name="Currency">ISO 4217, such as <c>USD</c>.</param>
public readonly record struct Money(long Micros, string Currency)
{
    /// <summary>Units and the decimals that matter, at least two: <c>0.05 USD</c>, <c>0.001234 USD</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Micros / 1_000_000m:0.00####} {Currency}");
}
