using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Policies.Moderation;

/// <summary>A question and an answer as they are written.</summary>
internal static class ModerationBody
{
    /// <summary>The header with the instant and the signature: <c>t=1767225600,v1=9f86d0...</c></summary>
    public const string SignatureHeader = "Orchestrator-Signature";

    /// <summary>The largest answer that is read, in bytes.</summary>
    public const int MaxAnswer = 4 * 1024;

    private const int MaxReason = 200;

    /// <summary>The question: what of the frame is judged, and whose it is. Null when there is nothing to judge for this webhook.</summary>
    public static byte[]? Question(ModerationQuestion question, ModerationRule rule, Guid id)
    {
        FrameType.TryRead(question.Frame.Span, out var type);
        var bytes = new ArrayBufferWriter<byte>(Math.Min(question.Frame.Length, 1 << 20) + 256);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteString("id", id.ToString("N"));
        json.WriteString("session", question.Session);
        json.WriteString("tenant", question.Tenant.ToString());
        json.WriteString("model", question.Model);
        json.WriteString("type", type);
        var found = 0;
        foreach (var (name, kind) in new[] { ("prompts", ContentKind.Prompts), ("images", ContentKind.Images) })
        {
            json.WriteStartArray(name);
            if (rule.IsAbout(kind))
            {
                question.Rules.Show(type, question.Frame.Span, (shown, text) =>
                {
                    if (shown != kind || text.IsEmpty)
                        return;
                    json.WriteStringValue(text);
                    found++;
                });
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return found == 0 ? null : bytes.WrittenSpan.ToArray();
    }

    /// <summary>HMAC-SHA256 of the instant, a dot and the body: who knows the secret knows that it is our question, and of now.</summary>
    public static string Sign(Secret secret, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var instant = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret.Reveal()));
        hash.AppendData(Encoding.ASCII.GetBytes(instant + "."));
        hash.AppendData(body);
        return $"t={instant},v1={Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    /// <summary>The answer: an object with <c>allow</c> and, if it likes, a <c>reason</c> for the end user. Null for everything else.</summary>
    public static ModerationAnswer? Answer(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind is not JsonValueKind.Object || !document.RootElement.TryGetProperty("allow", out var allow))
                return null;
            if (allow.ValueKind is JsonValueKind.True)
                return ModerationAnswer.Allowed;
            if (allow.ValueKind is not JsonValueKind.False)
                return null;
            var reason = document.RootElement.TryGetProperty("reason", out var words) && words.ValueKind is JsonValueKind.String ? words.GetString()! : null;
            return new ModerationAnswer(
                ModerationOutcome.Denied, IsRefusal: true, string.IsNullOrWhiteSpace(reason) ? null : Printable.Of(CredentialText.Redact(reason), MaxReason));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
