namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>What the client asked for when it opened the socket, kept as it came.</summary>
internal sealed record ConnectionRequest(
    string Path,
    string QueryString,
    string Model,
    string? ApiKey,
    IReadOnlyDictionary<string, string> Metadata,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    Uri LiveKit)
{
    private const string KeyParameter = "api_key";

    public static ConnectionRequest From(HttpRequest request) => new(
        request.Path.Value ?? "",
        request.QueryString.Value ?? "",
        request.Query["model"].ToString(),
        request.Query[KeyParameter],
        request.Query.Where(pair => pair.Key != KeyParameter).ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal),
        [.. request.Headers.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value ?? "")))],
        // Nothing answers there. It is ours, so that a test sees whether the address was rewritten on its way.
        new Uri($"ws://{request.Host}/livekit"));
}
