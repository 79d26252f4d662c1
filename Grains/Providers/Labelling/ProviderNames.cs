using System.Buffers;
using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Providers.Labelling;

/// <summary>
/// By what clients could tell who the providers are: their names in our configuration, those of their dialects and makers, the
/// aliases that the configuration adds, and the hosts they are dialled at. Of all of them, since any may serve next.
/// </summary>
public sealed class ProviderNames
{
    /// <summary>What a key of ours, or a client's, was replaced by before: who reads that is told that there was one.</summary>
    private const string Redacted = "***";

    /// <summary>A shorter one would be found by chance, in any text.</summary>
    private const int Shortest = 3;

    private static readonly string[] Makers = ["decart", "livestyler", "openai"];

    private readonly SearchValues<string> _names;

    /// <summary>Takes the names from the configuration.</summary>
    public ProviderNames(IOptions<ProvidersOptions> providers)
    {
        var names = providers.Value.SelectMany(provider => (IEnumerable<string?>)
            [provider.Key, provider.Value.Dialect, provider.Value.Endpoint?.Host, provider.Value.RestEndpoint?.Host, .. provider.Value.Aliases]);
        _names = SearchValues.Create(
            [.. names.OfType<string>().Concat(Makers).Where(name => name.Length >= Shortest).Distinct(StringComparer.OrdinalIgnoreCase)], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether one of them stands in the text, or a key that was masked.</summary>
    public bool AreIn(string text) => text.AsSpan().ContainsAny(_names) || text.Contains(Redacted, StringComparison.Ordinal);
}
