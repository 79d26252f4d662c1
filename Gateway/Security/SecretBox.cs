using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Orchestrator.Grains.Providers;
using Secret = Orchestrator.Grains.Providers.Secret;

namespace Orchestrator.Gateway.Security;

/// <summary>Tenants' secrets under Data Protection, whose key ring all processes share.</summary>
internal sealed class SecretBox(IDataProtectionProvider protection) : ISecretBox
{
    private readonly IDataProtector _protector = protection.CreateProtector("Orchestrator.Secrets.v1");

    /// <inheritdoc/>
    public string Protect(Secret secret) => _protector.Protect(secret.Reveal());

    /// <inheritdoc/>
    public Secret? Unprotect(string stored)
    {
        try
        {
            return new Secret(_protector.Unprotect(stored));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
