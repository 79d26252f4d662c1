using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>
/// A body as it was when it was first sent, with the hash it is kept under. It holds no key, so a row may hold it. Another
/// body under the same idempotency key is an error to Stripe, and under the same identifier a difference nobody would see.
/// </summary>
public sealed class StripeBody
{
    private StripeBody(string form) => (Form, Sha256) = (form, Hash(form));

    /// <summary>The text that is sent, byte for byte.</summary>
    public string Form { get; }

    /// <summary>SHA-256 of its bytes.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; }

    /// <summary>Writes the fields, once for all attempts.</summary>
    public static StripeBody Freeze(params IEnumerable<(string Name, string? Value)> fields) => new(StripeForm.Encode(fields));

    /// <summary>A body that was kept; null where it is not the one the hash was made of, and then it may not be sent.</summary>
    public static StripeBody? Restore(string form, ReadOnlySpan<byte> sha256)
    {
        var body = new StripeBody(form);
        return body.Sha256.Span.SequenceEqual(sha256) ? body : null;
    }

    private static byte[] Hash(string form) => SHA256.HashData(Encoding.UTF8.GetBytes(form));
}
