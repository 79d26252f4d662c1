using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>What is wrong with a notification, or that nothing is.</summary>
public enum SignatureVerdict
{
    /// <summary>Stripe sent it, just now.</summary>
    Valid,

    /// <summary>The header is missing, or has no instant or no signature.</summary>
    Malformed,

    /// <summary>None of our secrets made any of the signatures.</summary>
    NotOurs,

    /// <summary>It was signed too long ago, or too far ahead.</summary>
    OutOfTime,

    /// <summary>The body is no text.</summary>
    NotText,
}

/// <summary>
/// The check of <c>Stripe-Signature: t=...,v1=...</c>: an HMAC-SHA256 of the instant, a dot and the body as it came, byte for
/// byte. Several secrets and several signatures may stand beside each other while a secret is replaced; one pair is enough.
/// </summary>
public static class StripeSignature
{
    /// <summary>How far the instant may be from now, before and after. Stripe's own: 300 seconds.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(300);

    /// <summary>More would only be work for us.</summary>
    private const int MaxHeader = 4096;

    /// <summary>Checks. Every comparison takes the same time, and all are made.</summary>
    public static SignatureVerdict Verify(ReadOnlySpan<byte> rawBody, string? header, IEnumerable<Secret> secrets, DateTimeOffset now, TimeSpan? tolerance = null)
    {
        if (Read(header) is not var (instant, signatures))
            return SignatureVerdict.Malformed;
        if (!Utf8.IsValid(rawBody))
            return SignatureVerdict.NotText;

        var ours = false;
        foreach (var secret in secrets)
        {
            // Anybody could sign with an empty secret.
            if (secret.IsEmpty)
                continue;
            var expected = Encoding.ASCII.GetBytes(Sign(rawBody, instant, secret));
            foreach (var signature in signatures)
                ours |= CryptographicOperations.FixedTimeEquals(expected, signature);
        }

        if (!ours)
            return SignatureVerdict.NotOurs;
        var distance = now.ToUnixTimeSeconds() - long.Parse(instant, CultureInfo.InvariantCulture);
        return Math.Abs(distance) <= (tolerance ?? Tolerance).TotalSeconds ? SignatureVerdict.Valid : SignatureVerdict.OutOfTime;
    }

    /// <summary>The signature of a body at an instant, in lower-case hexadecimal.</summary>
    internal static string Sign(ReadOnlySpan<byte> rawBody, string instant, Secret secret)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret.Reveal()));
        hmac.AppendData(Encoding.ASCII.GetBytes(instant));
        hmac.AppendData("."u8);
        hmac.AppendData(rawBody);
        return Convert.ToHexStringLower(hmac.GetHashAndReset());
    }

    /// <summary>The instant as it is written, for that is what was signed, and the signatures of the scheme we know.</summary>
    private static (string Instant, List<byte[]> Signatures)? Read(string? header)
    {
        if (header is not { Length: > 0 and <= MaxHeader })
            return null;
        string? instant = null;
        var signatures = new List<byte[]>();
        foreach (var item in header.Split(','))
        {
            if (item.Trim().Split('=', 2) is not [var name, var value])
                return null;
            if (name == "t")
                instant ??= value;
            else if (name == "v1")
                signatures.Add(Encoding.UTF8.GetBytes(value));
        }

        return instant is { Length: > 0 and <= 12 } && instant.All(char.IsAsciiDigit) && signatures.Count > 0 ? (instant, signatures) : null;
    }
}
