using System.Text;
using Orchestrator.Grains.Providers.Decart.Http;

namespace Orchestrator.Grains.Providers.Decart;

/// <summary>Dials a provider that takes its credential in the query, with our own key in place of the client's.</summary>
public sealed class DecartDialer(UpstreamSockets sockets, DecartHttp http) : IDialectDialer
{
    /// <inheritdoc/>
    public string Dialect => DecartDialect.Family;

    /// <inheritdoc/>
    public Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken) => request.Provider.Options.Version is "c"
        ? Task.FromResult(http.Open(request))
        : sockets.OpenAsync(request.Provider.Name, Address(request), configure: null, cancellationToken);

    /// <summary>The provider's address with our key, the model, and what else the client asked for.</summary>
    internal static Uri Address(UpstreamRequest request)
    {
        var query = new StringBuilder();
        Append("api_key", request.Provider.Options.ApiKey.Reveal());
        Append("model", request.Model);
        foreach (var (name, value) in request.Query)
            Append(name, value);
        return new UriBuilder(request.Provider.Options.Endpoint!) { Query = query.ToString() }.Uri;

        void Append(string name, string value) =>
            query.Append(query.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
    }
}
