using System.Text.Json.Serialization;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.Decart;

namespace Orchestrator.Simulator.Control;

/// <summary>A line of <c>GET /control/truth</c>; with its entries, newest first, the answer of <c>GET /control/truth/{id}</c>.</summary>
internal sealed record TruthView(
    string SessionId, string Model, IReadOnlyDictionary<string, string> Query, DateTimeOffset OpenedAt, bool Open,
    long Ticks, long MaxMilliseconds, long? MaxMillisecondsBefore, long? SpanMilliseconds, long Forgotten,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<TruthEntry>? Entries = null)
{
    public static TruthView Of(SessionTruth truth, DateTimeOffset? before) => new(
        truth.ProviderSessionId, truth.Model, truth.Query, truth.OpenedAt, truth.IsOpen,
        truth.TickCount, truth.MaxMilliseconds, before is { } instant ? truth.MaxMillisecondsSentBefore(instant) : null,
        truth.SpanMilliseconds, truth.Forgotten);
}

/// <summary>A line of <c>GET /control/connections</c>.</summary>
internal sealed record ConnectionView(
    string SessionId, string Model, DateTimeOffset OpenedAt, bool Open, string Path, string Query, IReadOnlyList<string> Headers,
    long ReceivedFrames, long ReceivedBytes, Farewell? Farewell)
{
    /// <summary>
    /// Whatever the client sent is shown, so that a credential which should not have travelled is seen; only the key that
    /// belongs here is not.
    /// </summary>
    public static ConnectionView Of(ProviderConnection connection, string apiKey)
    {
        return new(
            connection.Id, connection.Model, connection.OpenedAt, !connection.Completion.IsCompleted, connection.Path, Mask(connection.QueryString),
            [.. connection.Headers.Select(header => $"{header.Key}: {Mask(header.Value)}")],
            connection.ReceivedCount, connection.ReceivedBytes, connection.Farewell);

        string Mask(string text) => text.Replace(apiKey, "***", StringComparison.Ordinal).Replace(Uri.EscapeDataString(apiKey), "***", StringComparison.Ordinal);
    }
}
