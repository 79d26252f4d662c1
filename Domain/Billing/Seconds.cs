using System.Buffers.Text;

namespace Orchestrator.Domain.Billing;

/// <summary>Provider seconds as they stand on the wire, read exactly.</summary>
public static class Seconds
{
    /// <summary>The largest count of milliseconds taken for one: 2^53, up to which every JSON reader agrees.</summary>
    public const long MaxMilliseconds = 1L << 53;

    /// <summary>
    /// Reads a JSON number token as seconds and gives whole milliseconds, cut off and never rounded up, without passing
    /// through a binary fraction ("0.29" is 290, not 289). False for everything that is no plain non-negative number
    /// of at most <see cref="MaxMilliseconds"/>: a sign, a string, a word, an overflow.
    /// </summary>
    /// <param name="token">The token's bytes, such as <c>12</c>, <c>5.0004</c> or <c>1.2e1</c>.</param>
    /// <param name="milliseconds">Whole milliseconds, or 0.</param>
    public static bool TryParse(ReadOnlySpan<byte> token, out long milliseconds)
    {
        milliseconds = 0;
        if (!TrySplit(token, out var digits, out var fraction, out var exponent))
            return false;

        // Seconds to milliseconds is three places to the right; the exponent moves the point further.
        return TryShift(digits, fraction, exponent + 3, out milliseconds);
    }

    /// <summary>Writes milliseconds as seconds with three decimals, such as <c>12.340</c>.</summary>
    public static string Format(long milliseconds) => FormattableString.Invariant($"{milliseconds / 1000}.{milliseconds % 1000:000}");

    private static bool TrySplit(
        ReadOnlySpan<byte> token, out ReadOnlySpan<byte> digits, out ReadOnlySpan<byte> fraction, out int exponent)
    {
        digits = fraction = default;
        exponent = 0;

        var mark = token.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = mark < 0 ? token : token[..mark];
        if (mark >= 0)
        {
            var power = token[(mark + 1)..];
            // The parser takes one sign itself. A power of more digits than an int holds is absurd whatever the mantissa says.
            if (!Utf8Parser.TryParse(power, out exponent, out var used) || used != power.Length || exponent is < -400 or > 400)
                return false;
        }

        var point = mantissa.IndexOf((byte)'.');
        digits = point < 0 ? mantissa : mantissa[..point];
        fraction = point < 0 ? default : mantissa[(point + 1)..];
        return digits.Length > 0 && (point < 0 || fraction.Length > 0) && AreDigits(digits) && AreDigits(fraction);
    }

    private static bool TryShift(ReadOnlySpan<byte> digits, ReadOnlySpan<byte> fraction, int places, out long value)
    {
        value = 0;
        // Only the places left of the shifted point count: what is right of it is cut off.
        var count = digits.Length + places;
        for (var place = 0; place < count; place++)
        {
            var digit = place < digits.Length ? digits[place] - '0'
                : place - digits.Length < fraction.Length ? fraction[place - digits.Length] - '0'
                : 0;
            // With the limit at 2^53 one more digit cannot overflow 64 bits, so the check may follow.
            value = value * 10 + digit;
            if (value > MaxMilliseconds)
            {
                value = 0;
                return false;
            }
        }

        return true;
    }

    private static bool AreDigits(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
