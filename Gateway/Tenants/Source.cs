using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Where a request comes from and which credential it named: what refusals are counted by.</summary>
/// <param name="Address">The client's address, as far as proxies are trusted.</param>
/// <param name="Fingerprint">What its credential is remembered by, wherever that was named; never the credential itself.</param>
internal sealed record Source(string Address, string Fingerprint)
{
    /// <summary>The source of a request that named that credential; null for none.</summary>
    public static Source Of(HttpContext context, string? credential) => new(AddressOf(context), FingerprintOf(credential));

    /// <summary>The client's address.</summary>
    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";

    private static string FingerprintOf(string? credential) =>
        credential is null ? "none" : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(credential)).AsSpan(0, 8));
}
