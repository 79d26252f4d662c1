using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Simulator.Stripe.Events;

/// <summary>The header <c>Stripe-Signature</c> as Stripe writes it.</summary>
public static class StripeSignature
{
    /// <summary><c>t=UNIX,v1=HEX</c>, with a <c>v1</c> per secret: during a rotation there are two.</summary>
    public static string Header(DateTimeOffset at, ReadOnlySpan<byte> body, params IEnumerable<string> secrets)
    {
        var seconds = at.ToUnixTimeSeconds();
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{seconds}."), .. body];
        return string.Join(',', [$"t={seconds}", .. secrets.Select(secret => $"v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}")]);
    }
}
