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

    /// <summary>A further connection to a call.</summary>
    public static Uri Sideband(ProviderEntry provider, string call) =>
        new UriBuilder(provider.Options.Endpoint!) { Query = "call_id=" + Uri.EscapeDataString(call) }.Uri;

    /// <summary>Where calls are made.</summary>
    public static Uri Calls(ProviderEntry provider) => Rest(provider, "/calls");

    /// <summary>Where one is told something.</summary>
    public static Uri Call(ProviderEntry provider, string call, string verb) => Rest(provider, $"/calls/{Uri.EscapeDataString(call)}/{verb}");

    private static Uri Rest(ProviderEntry provider, string path)
    {
        var endpoint = provider.Options.Endpoint!;
        return new UriBuilder(endpoint)
        {
            Scheme = endpoint.Scheme == Uri.UriSchemeWss ? Uri.UriSchemeHttps : Uri.UriSchemeHttp,
            Port = endpoint.IsDefaultPort ? -1 : endpoint.Port,
            Path = endpoint.AbsolutePath.TrimEnd('/') + path,
            Query = "",
        }.Uri;
    }
}
