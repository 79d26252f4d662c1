using System.Globalization;
using System.Text;
using FsCheck.Fluent;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Stripe;

public class StripeSignatureTests
{
    private const long T = 1_790_000_000;
    private const string V1 = "21ce4a5223561309fae9a4536b7375b4fbfab9bcb4a3966e9a5b9c0ac6dd7906";
    private const string Wrong = "0000000000000000000000000000000000000000000000000000000000000000";
    private const string Body = """{"id":"evt_1","object":"event","api_version":"2026-07-29.dahlia","type":"invoice.paid","data":{"object":{"id":"in_1","object":"invoice"}}}""";

    private static readonly Secret Ours = new("whsec_test");
    private static readonly string Good = $"t={T},v1={V1}";

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(-300)]
    public void Invariant_26_The_captured_signature_is_valid_for_five_minutes_in_both_directions(int seconds) =>
        Assert.Equal(SignatureVerdict.Valid, Verify(Body, Good, seconds));

    [Theory]
    [InlineData(301)]
    [InlineData(-301)]
    [InlineData(2_000_000)]
    public void Invariant_26_And_not_longer(int seconds) => Assert.Equal(SignatureVerdict.OutOfTime, Verify(Body, Good, seconds));

    [Theory]
    [InlineData($"t=1790000000,v1={Wrong},v1={V1}")]
    [InlineData($"t=1790000000,v1={V1},v1={Wrong}")]
    [InlineData($"t=1790000000,v1={V1},v0={Wrong}")]
    [InlineData($"v1={V1}, t=1790000000")]
    public void Invariant_26_One_right_signature_among_others_is_enough(string header) => Assert.Equal(SignatureVerdict.Valid, Verify(Body, header));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("t=1790000000")]
    [InlineData($"v1={V1}")]
    [InlineData($"t=1790000000,v0={V1}")]
    [InlineData($"t=,v1={V1}")]
    [InlineData($"t=-1790000000,v1={V1}")]
    [InlineData($"t=1790000000x,v1={V1}")]
    [InlineData($"t=99999999999999999999,v1={V1}")]
    [InlineData($"t=1790000000,v1={V1},nonsense")]
    public void Invariant_26_A_header_without_an_instant_or_a_signature_is_refused(string? header) =>
        Assert.Equal(SignatureVerdict.Malformed, Verify(Body, header));

    [Theory]
    [InlineData(Body + " ", $"t=1790000000,v1={V1}")]
    [InlineData("", $"t=1790000000,v1={V1}")]
    [InlineData(Body, $"t=1790000001,v1={V1}")]
    [InlineData(Body, $"t=01790000000,v1={V1}")]
    [InlineData(Body, $"t=1790000000,v1={Wrong}")]
    [InlineData(Body, $"t=1790000000,v1={V1}0")]
    [InlineData(Body, "t=1790000000,v1=21CE4A5223561309FAE9A4536B7375B4FBFAB9BCB4A3966E9A5B9C0AC6DD7906")]
    [InlineData(Body, "t=1790000000,v1=")]
    public void Invariant_26_Another_body_instant_or_signature_is_refused(string body, string header) =>
        Assert.Equal(SignatureVerdict.NotOurs, Verify(body, header));

    [Fact]
    public void Invariant_26_A_new_secret_counts_beside_the_old_one_and_an_empty_one_never()
    {
        var forged = $"t={T},v1={StripeSignature.Sign(Encoding.UTF8.GetBytes(Body), $"{T}", new Secret(""))}";

        Assert.Equal(SignatureVerdict.Valid, Verify(Body, Good, 0, new Secret("whsec_new"), Ours));
        Assert.Equal(SignatureVerdict.NotOurs, Verify(Body, Good, 0, new Secret("whsec_new")));
        Assert.Equal(SignatureVerdict.NotOurs, Verify(Body, forged, 0, new Secret("")));
        Assert.Equal(SignatureVerdict.NotOurs, StripeSignature.Verify(Encoding.UTF8.GetBytes(Body), Good, [], DateTimeOffset.FromUnixTimeSeconds(T)));
    }

    [Fact]
    public void Invariant_26_A_body_that_is_no_UTF8_is_refused_however_well_it_is_signed()
    {
        byte[] body = [.. "{\"id\":\""u8, 0xc3, 0x28, .. "\"}"u8];
        var header = $"t={T},v1={StripeSignature.Sign(body, $"{T}", Ours)}";

        Assert.Equal(SignatureVerdict.NotText, StripeSignature.Verify(body, header, [Ours], DateTimeOffset.FromUnixTimeSeconds(T)));
    }

    [Fact]
    public void Invariant_26_A_body_is_only_valid_as_it_was_signed()
    {
        var samples = Arb.From(
            from body in Gen.Choose(0x20, 0x2ff).Select(c => (char)c).ArrayOf().Select(chars => new string(chars))
            from place in Gen.Choose(0, 1000)
            from bit in Gen.Choose(0, 6)
            select (Body: Encoding.UTF8.GetBytes(body + "."), Place: place, Bit: bit));

        Laws.Hold(samples, sample =>
        {
            var header = $"t={T},v1={StripeSignature.Sign(sample.Body, T.ToString(CultureInfo.InvariantCulture), Ours)}";
            var changed = sample.Body.ToArray();
            changed[sample.Place % changed.Length] ^= (byte)(1 << sample.Bit);

            Assert.Equal(SignatureVerdict.Valid, StripeSignature.Verify(sample.Body, header, [Ours], DateTimeOffset.FromUnixTimeSeconds(T)));
            Assert.NotEqual(SignatureVerdict.Valid, StripeSignature.Verify(changed, header, [Ours], DateTimeOffset.FromUnixTimeSeconds(T)));
        });
    }

    private static SignatureVerdict Verify(string body, string? header, int later = 0, params Secret[] secrets) =>
        StripeSignature.Verify(Encoding.UTF8.GetBytes(body), header, secrets is [] ? [Ours] : secrets, DateTimeOffset.FromUnixTimeSeconds(T + later));
}
