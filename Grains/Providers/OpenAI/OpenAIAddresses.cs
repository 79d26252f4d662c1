using System.Text;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// Where a provider is asked what. Its endpoint is that of its WebSockets, such as <c>wss://host/v1/realtime</c>; its REST calls are below the same
/// path on <c>https</c>.
/// </summary>
internal static class OpenAIAddresses
{
    // A connection has exactly one of these, and it is the model.
    private static readonly string[] Instead = ["call_id", "intent"];

    /// <summary>A new session on a WebSocket.</summary>
    public static Uri Session(UpstreamRequest request)
    {
        var query = new StringBuilder("model=").Append(Uri.EscapeDataString(request.Model));
        foreach (var (name, value) in request.Query.Where(parameter => !Instead.Contains(parameter.Key, StringComparer.OrdinalIgnoreCase)))
            query.Append('&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        return new UriBuilder(request.Provider.Options.Endpoint!) { Query = query.ToString() }.Uri;
    }

    /// <summary>A WebSocket at that path below the endpoint, or at the endpoint itself.</summary>
    public static Uri Socket(ProviderEntry provider, string path, string query = "") => Below(provider, provider.Options.Endpoint!.Scheme, path, query);

    /// <summary>What is asked over HTTP at that path below the endpoint.</summary>
    public static Uri Rest(ProviderEntry provider, string path) =>
        Below(provider, provider.Options.Endpoint!.Scheme == Uri.UriSchemeWss ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, path, query: "");

    private static Uri Below(ProviderEntry provider, string scheme, string path, string query)
    {
        var endpoint = provider.Options.Endpoint!;
        return new UriBuilder(endpoint)
        {
            Scheme = scheme,
            Port = endpoint.IsDefaultPort ? -1 : endpoint.Port,
            Path = path.Length == 0 ? endpoint.AbsolutePath : endpoint.AbsolutePath.TrimEnd('/') + path,
            Query = query,
        }.Uri;
    }
}
