using System.Text.Json;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary><c>{"type":"CREDENTIAL","payload":{"credential":"..."}}</c></summary>
internal sealed class LiveStylerCredential : ICredentialFrame
{
    /// <summary>
    /// The provider closes at once, without a frame; what code it closes with is not documented. 1008 is RFC 6455's word for who may
    /// not: a client that looks at codes does not come back with the same credential, and one that does not sees what it always saw.
    /// </summary>
    public WireClose Refusal { get; } = new(1008, null);

    /// <inheritdoc/>
    public string? Read(ReadOnlySpan<byte> frame)
    {
        try
        {
            var reader = new Utf8JsonReader(frame);
            using var json = JsonDocument.ParseValue(ref reader);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String && type.ValueEquals("CREDENTIAL"u8)
                && root.TryGetProperty("payload", out var payload) && payload.ValueKind is JsonValueKind.Object
                && payload.TryGetProperty("credential", out var credential) && credential.ValueKind is JsonValueKind.String
                && credential.GetString() is { Length: > 0 } text
                    ? text
                    : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, or no Unicode.
            return null;
        }
    }
}
