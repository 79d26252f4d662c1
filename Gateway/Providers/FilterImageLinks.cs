using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Labelling;

namespace Orchestrator.Gateway.Providers;

/// <summary>What a link of ours to a picture stands for.</summary>
/// <param name="Key">The API key for whom it was made, or whose token it was made for.</param>
/// <param name="Provider">Whose list named the picture.</param>
/// <param name="Address">Where it is.</param>
/// <param name="ExpiresAt">Until when, in seconds since 1970.</param>
internal sealed record FilterImageLink(
    [property: JsonPropertyName("k")] Guid Key,
    [property: JsonPropertyName("p")] string Provider,
    [property: JsonPropertyName("a")] string Address,
    [property: JsonPropertyName("e")] long ExpiresAt);

/// <summary>
/// Links of ours in the place of a provider's, in its list of filters: pictures are fetched by readers that set no header, so a link says by
/// itself what it opens. It is sealed with the key ring that every process shares: nobody makes one up, and there is one only for what a list named.
/// </summary>
internal sealed class FilterImageLinks(IDataProtectionProvider protection, ProviderNames names, TimeProvider time)
{
    /// <summary>How long one opens its picture: an app shows its list all day.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private const string Member = "image_url";
    private const int MaxAddress = 1_000;
    private const int MaxLength = 2_048;
    private const int MaxLinks = 4_096;

    private readonly IDataProtector _protector = protection.CreateProtector("Orchestrator.FilterImage.v1");

    /// <summary>The list with links of ours in the place of those that tell who the provider is; the same bytes where none does.</summary>
    /// <param name="list">The provider's list.</param>
    /// <param name="provider">The provider.</param>
    /// <param name="key">For whom it is.</param>
    /// <param name="path">What a link of ours begins with.</param>
    public byte[] Rewrite(byte[] list, ProviderEntry provider, Guid key, string path)
    {
        var expires = (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds();
        var links = 0;
        return FrameRewriter.Rewrite(list, (name, _, text) => name == Member && names.AreIn(text) ? Link(text) : null) ?? list;

        // What cannot be fetched from us is not shown at all.
        string Link(string address) => IsPicture(address) && ++links <= MaxLinks
            ? path + Base64Url.EncodeToString(_protector.Protect(JsonSerializer.SerializeToUtf8Bytes(
                new FilterImageLink(key, provider.Name, address, expires), FilterImageJson.Default.FilterImageLink)))
            : "";
    }

    /// <summary>What a link stands for; null when it is none of ours, or past its time.</summary>
    public FilterImageLink? Read(string link)
    {
        if (link.Length is 0 or > MaxLength || !Base64Url.IsValid(link))
            return null;
        try
        {
            var read = JsonSerializer.Deserialize(_protector.Unprotect(Base64Url.DecodeFromChars(link)), FilterImageJson.Default.FilterImageLink);
            return read?.ExpiresAt > time.GetUtcNow().ToUnixTimeSeconds() ? read : null;
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException or FormatException)
        {
            return null;
        }
    }

    private static bool IsPicture(string address) =>
        address.Length <= MaxAddress && Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", UserInfo: "" };
}

[JsonSerializable(typeof(FilterImageLink))]
internal sealed partial class FilterImageJson : JsonSerializerContext;
