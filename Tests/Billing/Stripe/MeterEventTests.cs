using System.Globalization;
using System.Text.RegularExpressions;
using FsCheck.Fluent;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Stripe;

public partial class MeterEventTests
{
    private static readonly MeterEvent Good = new("gen_seconds", "v1:0a1b2c3d:0199f0", "cus_1", 12, DateTimeOffset.FromUnixTimeSeconds(1_790_000_000));

    public static TheoryData<MeterEvent> Flawed => new()
    {
        Good with { Value = 0 },
        Good with { Value = -1 },
        Good with { Value = 1_000_000_000_000_000 },
        Good with { Identifier = "" },
        Good with { Identifier = new string('a', 101) },
        Good with { Identifier = "gen:é" },
        Good with { Identifier = "gen 1" },
        Good with { Identifier = "gen:1\r\nX: y" },
        Good with { Identifier = "gen~1" },
        Good with { EventName = "" },
        Good with { EventName = new string('a', 101) },
        Good with { EventName = "a\nb" },
        Good with { Customer = "" },
        Good with { Customer = new string('c', 101) },
    };

    [Fact]
    public void It_is_written_in_the_order_of_the_capture() => Assert.Equal(
        "event_name=gen_seconds&identifier=v1%3A0a1b2c3d%3A0199f0&payload[stripe_customer_id]=cus_1&payload[value]=12&timestamp=1790000000",
        Good.Freeze().Form);

    [Theory, MemberData(nameof(Flawed))]
    public void Invariant_22_An_event_that_Stripe_would_misread_has_no_body(MeterEvent flawed)
    {
        Assert.NotNull(flawed.Flaw());
        Assert.Throws<InvalidOperationException>(flawed.Freeze);
    }

    [Fact]
    public void Invariant_22_Every_event_that_has_a_body_keeps_the_bounds()
    {
        var samples = Arb.From(
            from seconds in Gen.OneOf(Samples.Longs(-2, 20), Samples.Longs(999_999_999_999_990, 1_000_000_000_000_010), Samples.Longs(1, long.MaxValue))
            from identifier in Gen.Choose(0, 0x17f).Select(c => (char)c).ArrayOf(20).Select(chars => new string(chars))
            from length in Gen.Elements(1, 20, 99, 100, 101)
            from plain in Gen.Elements(true, false)
            select Good with { Value = seconds, Identifier = plain ? new string('i', length) : identifier, EventName = new string('e', length) });

        Laws.Hold(samples, sample =>
        {
            var fits = Value().IsMatch(sample.Value.ToString(CultureInfo.InvariantCulture)) && Visible().IsMatch(sample.Identifier)
                && !sample.Identifier.Contains('~', StringComparison.Ordinal) && sample.EventName.Length is >= 1 and <= 100;

            Assert.Equal(fits, sample.Flaw() is null);
        });
    }

    [Fact]
    public void Invariant_17_A_body_that_is_not_what_was_hashed_is_not_restored()
    {
        var frozen = Good.Freeze();

        Assert.Equal(frozen.Form, StripeBody.Restore(frozen.Form, frozen.Sha256.Span)!.Form);
        Assert.Null(StripeBody.Restore(frozen.Form.Replace("=12&", "=13&", StringComparison.Ordinal), frozen.Sha256.Span));
        Assert.Null(StripeBody.Restore(frozen.Form, []));
    }

    [Fact]
    public void Fields_are_written_as_Stripes_own_client_writes_them()
    {
        var form = StripeForm.Encode(
            ("amount[monetary][currency]", "usd"), ("amount[monetary][value]", "1000"), ("amount[type]", "monetary"),
            ("applicability_config[scope][prices][0][id]", "price_1"), ("name", null), ("category", "paid"));

        Assert.Equal(
            "amount[monetary][currency]=usd&amount[monetary][value]=1000&amount[type]=monetary&applicability_config[scope][prices][0][id]=price_1&category=paid",
            form);
    }

    [GeneratedRegex("^[1-9][0-9]{0,14}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Value();

    [GeneratedRegex(@"\A[\x21-\x7E]{1,100}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Visible();
}
