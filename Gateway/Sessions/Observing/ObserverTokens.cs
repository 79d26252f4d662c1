using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>A short-lived right to watch one session, and perhaps more.</summary>
/// <param name="Session">The session; no other.</param>
/// <param name="MintedBy">The API key that minted it; revoking that key ends it.</param>
/// <param name="Grants">What it lets its holder do.</param>
/// <param name="ExpiresAt">From here on it opens nothing, and who watches by it is dropped.</param>
internal sealed record ObserverToken(SessionId Session, Guid MintedBy, ObserverGrants Grants, DateTimeOffset ExpiresAt);

/// <summary>Observer tokens: sealed with the key ring that every process shares, for a purpose of their own, so that one opens nothing else.</summary>
internal sealed class ObserverTokens(IDataProtectionProvider protection)
{
    /// <summary>How every token begins.</summary>
    public const string Prefix = CredentialText.ObserverPrefix;

    private readonly IDataProtector _protector = protection.CreateProtector("Orchestrator.ObserverToken.v1");

    /// <summary>Seals a token.</summary>
    public string Write(ObserverToken token)
    {
        var content = new Content(token.Session.ToString(), token.MintedBy, (int)token.Grants, token.ExpiresAt.ToUnixTimeMilliseconds());
        return Prefix + Base64Url.EncodeToString(_protector.Protect(JsonSerializer.SerializeToUtf8Bytes(content, ObserverTokenJson.Default.Content)));
    }

    /// <summary>Opens a token, whatever its age; null for everything that is none of ours.</summary>
    public ObserverToken? Read(string? token)
    {
        if (token is null || !token.StartsWith(Prefix, StringComparison.Ordinal) || !Base64Url.IsValid(token.AsSpan(Prefix.Length)))
            return null;

        try
        {
            var content = JsonSerializer.Deserialize(
                _protector.Unprotect(Base64Url.DecodeFromChars(token.AsSpan(Prefix.Length))), ObserverTokenJson.Default.Content)!;
            return new ObserverToken(
                SessionId.Parse(content.Session, provider: null), content.KeyId, (ObserverGrants)content.Grants & ObserverGrants.All,
                DateTimeOffset.FromUnixTimeMilliseconds(content.ExpiresAt));
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException or FormatException)
        {
            return null;
        }
    }

    /// <summary>What is sealed.</summary>
    internal sealed record Content(
        [property: JsonPropertyName("s")] string Session,
        [property: JsonPropertyName("k")] Guid KeyId,
        [property: JsonPropertyName("g")] int Grants,
        [property: JsonPropertyName("e")] long ExpiresAt);
}

[JsonSerializable(typeof(ObserverTokens.Content))]
internal sealed partial class ObserverTokenJson : JsonSerializerContext;
