using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>
/// Client tokens: all that a token allows, sealed with the key ring that every process shares. Nothing is stored, so none
/// can be listed; revoking the API key that minted one ends it.
/// </summary>
internal sealed class ClientTokens(IDataProtectionProvider protection)
{
    /// <summary>How tokens begin whose tenant has no prefix of its own.</summary>
    public const string Prefix = CredentialText.TokenPrefix;

    private readonly IDataProtector _protector = protection.CreateProtector("Orchestrator.ClientToken.v1");

    /// <summary>Seals a token.</summary>
    public string Write(Credential.ClientToken token, string? prefix = null)
    {
        var content = new Content(
            token.MintedBy, token.ExpiresAt.ToUnixTimeMilliseconds(), token.Models, token.Origins, (int?)token.MaxSessionDuration?.TotalSeconds, token.Metadata,
            token.PolicyName, token.Policy, token.Session is null ? null : Packed.Pack(token.Session));
        return (prefix ?? Prefix) + Base64Url.EncodeToString(_protector.Protect(JsonSerializer.SerializeToUtf8Bytes(content, TokenJson.Default.Content)));
    }

    /// <summary>Opens a token, whatever its age and its prefix; null for everything that is none of ours.</summary>
    public Credential.ClientToken? Read(string token)
    {
        // The seal alone says what it allows: a tenant may change its prefix while tokens are about.
        var at = token.IndexOf('_', StringComparison.Ordinal) + 1;
        if (!CredentialText.IsTokenPrefix(token[..at]) || !Base64Url.IsValid(token.AsSpan(at)))
            return null;

        try
        {
            var content = JsonSerializer.Deserialize(_protector.Unprotect(Base64Url.DecodeFromChars(token.AsSpan(at))), TokenJson.Default.Content)!;
            return new Credential.ClientToken(
                content.KeyId,
                DateTimeOffset.FromUnixTimeMilliseconds(content.ExpiresAt),
                content.Models,
                content.Origins,
                content.MaxSessionSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                content.Metadata)
            {
                PolicyName = content.PolicyName,
                Policy = content.Policy,
                Session = content.Session is null ? null : Packed.Unpack(content.Session),
            };
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException or FormatException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>What is sealed. Names are short because the token travels in a query.</summary>
    internal sealed record Content(
        [property: JsonPropertyName("k")] Guid KeyId,
        [property: JsonPropertyName("e")] long ExpiresAt,
        [property: JsonPropertyName("m")] IReadOnlyList<string>? Models,
        [property: JsonPropertyName("o")] IReadOnlyList<string>? Origins,
        [property: JsonPropertyName("d")] int? MaxSessionSeconds,
        [property: JsonPropertyName("x")] string? Metadata,
        [property: JsonPropertyName("p")] string? PolicyName = null,
        [property: JsonPropertyName("q")] FramePolicy? Policy = null,
        [property: JsonPropertyName("s")] byte[]? Session = null);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClientTokens.Content))]
internal sealed partial class TokenJson : JsonSerializerContext;
