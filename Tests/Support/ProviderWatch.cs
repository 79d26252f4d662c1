using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Tests.Support;

/// <summary>
/// Searches every byte that a scenario's client receives for what tells who the provider is: its names, its host and our key with it.
/// Excepted are media addresses: SDP, candidates, <c>server_ip</c>, and a <c>livekit_url</c> whose tenant has no media host.
/// </summary>
internal static class ProviderWatch
{
    /// <summary>The longest that is looked at of one message: beyond it tests fill messages with letters of one kind.</summary>
    private const int MaxBytes = 256 * 1024;

    private static readonly HashSet<string> Excepted = ["sdp", "candidate", "server_ip", "livekit_url"];
    private static readonly ConcurrentDictionary<string, bool> Words = new(
        new[] { "decart", "livestyler", "openai" }.Select(word => KeyValuePair.Create(word, true)), StringComparer.OrdinalIgnoreCase);

    private static readonly ConcurrentQueue<(int Port, string What)> Found = new();

    /// <summary>From now on nobody may hear these.</summary>
    public static void Watch(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
            Words[word] = true;
    }

    /// <summary>A client of the gateway at that port received this.</summary>
    public static void Look(int port, string what, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, MaxBytes)];
        foreach (var text in TextsOf(bytes))
        {
            foreach (var word in Words.Keys)
            {
                if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
                    Found.Enqueue((port, $"{what} holds '{word}': {text[..Math.Min(text.Length, 300)]}"));
            }
        }
    }

    /// <inheritdoc cref="Look(int, string, ReadOnlySpan{byte})"/>
    public static void Look(int port, string what, string? text) => Look(port, what, Encoding.UTF8.GetBytes(text ?? ""));

    /// <summary>Checks that no client of the gateways at those ports heard any.</summary>
    public static void AssertNone(IReadOnlyCollection<int> ports) =>
        Assert.Empty(Found.Where(found => ports.Contains(found.Port)).Select(found => found.What).Distinct().Take(10));

    /// <summary>The names and texts of a JSON message, without those excepted; of every other message the whole.</summary>
    private static List<string> TextsOf(ReadOnlySpan<byte> bytes)
    {
        var texts = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(bytes);
            var name = "";
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName)
                    name = reader.GetString()!;
                if (reader.TokenType is JsonTokenType.PropertyName || (reader.TokenType is JsonTokenType.String && !Excepted.Contains(name)))
                    texts.Add(reader.GetString()!);
            }

            return texts;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return [Encoding.UTF8.GetString(bytes)];
        }
    }
}
