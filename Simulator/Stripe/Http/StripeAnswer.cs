using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>What a request is answered with.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">JSON.</param>
internal sealed record StripeAnswer(int Status, byte[] Body)
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Beside those that every answer has.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>
    /// The request was carried out, well or badly, so that the answer belongs to its idempotency key. What was refused before
    /// that may be sent again under the same key.
    /// </summary>
    public bool Executed { get; init; } = true;

    /// <summary>Why the request should never have been sent; null when it is a fair one.</summary>
    public string? Violation { get; init; }

    public static StripeAnswer Ok(JsonObject body) => Of(200, body);

    public static StripeAnswer Of(int status, JsonObject body) => new(status, JsonSerializer.SerializeToUtf8Bytes(body, Json));

    public StripeAnswer With(string name, string value) => this with { Headers = [.. Headers, new(name, value)] };
}
