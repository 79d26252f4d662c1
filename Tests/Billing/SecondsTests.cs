using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing;

public partial class SecondsTests
{
    public static TheoryData<string, long> Good => new()
    {
        // token                   milliseconds
        { "0",                    0 },
        { "0.0",                  0 },
        { "0e5",                  0 },
        { "1",                    1_000 },
        { "12",                   12_000 },
        { "5.0004",               5_000 },
        { "0.29",                 290 },
        { "1.005",                1_005 },
        { "8.2009999999999999",   8_200 },
        { "1.2e1",                12_000 },
        { "1.2E+1",               12_000 },
        { "1E-3",                 1 },
        { "0.0009",               0 },
        { "9e-4",                 0 },
        { "1e-400",               0 },
        { "123456e-5",            1_234 },
        { "0.000000000000001e18", 1_000_000 },
        { "3600.5",               3_600_500 },
        { "9007199254740.991",    Seconds.MaxMilliseconds - 1 },
        { "9007199254740.992",    Seconds.MaxMilliseconds },
        { "9007199254740.9929",   Seconds.MaxMilliseconds },
        { "9007199254740992e-3",  Seconds.MaxMilliseconds },
    };

    [Theory, MemberData(nameof(Good))]
    public void A_json_number_is_read_exactly_and_cut_off_at_the_millisecond(string token, long milliseconds)
    {
        var isRead = Seconds.TryParse(Encoding.UTF8.GetBytes(token), out var read);

        Assert.True(isRead);
        Assert.Equal(milliseconds, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" 5")]
    [InlineData("5 ")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("\"5\"")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("[5]")]
    [InlineData("-1")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData("+1")]
    [InlineData(".")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("1.2.3")]
    [InlineData("1,5")]
    [InlineData("0x10")]
    [InlineData("1_000")]
    [InlineData("e")]
    [InlineData("e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1e-")]
    [InlineData("1e++1")]
    [InlineData("1e+-1")]
    [InlineData("1e-+1")]
    [InlineData("1e1.5")]
    [InlineData("1e1e1")]
    [InlineData("1e 1")]
    [InlineData("1.e1")]
    [InlineData("1e308")]
    [InlineData("1.7976931348623157e308")]
    [InlineData("1e999")]
    [InlineData("1e99999999999999999999999999999999")]
    [InlineData("1e-99999999999999999999999999999999")]
    [InlineData("9007199254740.993")]
    [InlineData("9007199254741")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("١٢")]
    public void Whatever_is_no_believable_number_is_refused(string token)
    {
        var isRead = Seconds.TryParse(Encoding.UTF8.GetBytes(token), out var milliseconds);

        Assert.False(isRead);
        Assert.Equal(0, milliseconds);
    }

    [Fact]
    public void What_is_written_with_three_decimals_is_read_back() =>
        Laws.Hold(Arb.From(Samples.Longs(0, Seconds.MaxMilliseconds), Samples.Smaller), milliseconds =>
        {
            var written = (milliseconds / 1000m).ToString("0.000", CultureInfo.InvariantCulture);

            Assert.Equal(written, Seconds.Format(milliseconds));
            Assert.Equal(milliseconds, Read(written));
            Assert.Equal(milliseconds, Read($"{milliseconds}e-3"));
            Assert.Equal(milliseconds, Read($"0.{milliseconds:0000000000000000}E13"));
        });

    [Fact]
    public void Digits_beyond_the_third_decimal_are_cut_off()
    {
        var extra = Gen.Choose(0, 9).ArrayOf().Select(digits => string.Concat(digits));
        var samples = Samples.Longs(0, Seconds.MaxMilliseconds).Zip(extra).ToArbitrary();

        Laws.Hold(samples, sample => Assert.Equal(sample.Item1, Read(Seconds.Format(sample.Item1) + sample.Item2)));
    }

    [Fact]
    public void Of_any_text_exactly_the_unsigned_numbers_in_range_are_taken()
    {
        var texts = Samples.SequencesOf(Gen.Elements([.. "0123456789..eE+- \"n"]), max: 9);

        Laws.Hold(texts, tests: 20_000, law: characters =>
        {
            var text = new string(characters);

            var read = Read(text);

            // Zeros with an exponent of three digits may be refused as absurd; there the decimal type ends, too.
            if (!HugeExponent().IsMatch(text))
                Assert.Equal(Expected(text), read);
        });
    }

    private static long? Read(string token) => Seconds.TryParse(Encoding.UTF8.GetBytes(token), out var milliseconds) ? milliseconds : null;

    private static long? Expected(string text) =>
        UnsignedNumber().IsMatch(text)
        && double.Parse(text, CultureInfo.InvariantCulture) < 1e13
        && (long)(decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) * 1000) is var milliseconds and <= Seconds.MaxMilliseconds
            ? milliseconds
            : null;

    [GeneratedRegex("^[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UnsignedNumber();

    [GeneratedRegex("[eE][+-]?[0-9]{3}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HugeExponent();
}
