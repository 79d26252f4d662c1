using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Grains.Providers;

/// <summary>The providers we resell. Section <c>Providers</c>: an object with one entry per name.</summary>
public sealed class ProvidersOptions : Dictionary<string, ProviderOptions>, IValidatableObject
{
    /// <summary>Names are told apart without regard to case, as configuration keys are.</summary>
    public ProvidersOptions() : base(StringComparer.OrdinalIgnoreCase) { }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, provider) in this)
        {
            if (provider.Endpoint is not { IsAbsoluteUri: true, Scheme: "ws" or "wss" })
                yield return new($"Providers:{name}:Endpoint must be a ws:// or wss:// address, such as wss://host/v1/stream.");
            if (provider.RestEndpoint is { } rest && rest is not { IsAbsoluteUri: true, Scheme: "http" or "https", Query: "", UserInfo: "" })
                yield return new($"Providers:{name}:RestEndpoint must be an http:// or https:// address without a query, such as https://api.host.");
            if (provider.ApiKey.IsEmpty)
                yield return new($"Providers:{name}:ApiKey is missing; without our own key the provider refuses every session.");
            if (provider.Models.Count == 0)
                yield return new($"Providers:{name}:Models is empty; name the models it serves, or end a prefix with *.");
        }
    }
}

/// <summary>One provider.</summary>
public sealed class ProviderOptions
{
    /// <summary>Where its sockets are dialled, path included.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Where its REST API is, for a dialect whose API is not at the address of its sockets; null where clients are given none of it.</summary>
    public Uri? RestEndpoint { get; init; }

    /// <summary>Our own key. It goes to the provider and nowhere else.</summary>
    public Secret ApiKey { get; init; } = new("");

    /// <summary>Which dialect it speaks. Default: <c>decart</c>.</summary>
    public string Dialect { get; init; } = "decart";

    /// <summary>Which version of the dialect, where that makes a difference to how it is spoken to; null for the usual one.</summary>
    public string? Version { get; init; }

    /// <summary>By what else people know it. Together with its name, its dialect and its host no client hears of them.</summary>
    public IList<string> Aliases { get; init; } = [];

    /// <summary>The models it serves: names, or prefixes that end with <c>*</c>.</summary>
    public IList<string> Models { get; init; } = [];

    /// <summary>Whether it serves this model.</summary>
    public bool Serves(string model) => Models.Any(pattern =>
        pattern.EndsWith('*') ? model.StartsWith(pattern[..^1], StringComparison.Ordinal) : model == pattern);
}
