using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Providers;

/// <summary>Which provider serves which model.</summary>
public sealed class ProviderCatalog
{
    private readonly List<ProviderEntry> _providers;

    /// <summary>Pairs each configured provider with its dialect; fails at start for a dialect nobody speaks.</summary>
    public ProviderCatalog(IOptions<ProvidersOptions> options, IEnumerable<IDialect> dialects)
    {
        var byName = dialects.ToDictionary(dialect => dialect.Name, StringComparer.OrdinalIgnoreCase);
        _providers = [.. options.Value.Select(provider => byName.TryGetValue(provider.Value.Dialect, out var dialect)
            ? Entry(provider.Key, provider.Value, dialect)
            : throw new InvalidOperationException($"Providers:{provider.Key}:Dialect is '{provider.Value.Dialect}'; known are {string.Join(", ", byName.Keys)}."))];
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<ProviderEntry> All => _providers;

    /// <summary>The first provider that speaks this dialect and serves this model.</summary>
    public bool TryFind(string dialect, string model, [NotNullWhen(true)] out ProviderEntry? provider)
    {
        provider = _providers.Find(entry => entry.Dialect.Name == dialect && entry.Options.Serves(model));
        return provider is not null;
    }

    /// <summary>The first provider that serves this model and whose dialect carries an offer and an answer.</summary>
    public bool TryFindForOffer(string model, [NotNullWhen(true)] out ProviderEntry? provider)
    {
        provider = _providers.Find(entry => entry.Dialect.Signaling is not null && entry.Options.Serves(model));
        return provider is not null;
    }

    /// <summary>What is meant by a client of this dialect that names no model: the first that a provider lists by its full name.</summary>
    public string? UsualModel(string dialect) =>
        _providers.Where(entry => entry.Dialect.Name == dialect).SelectMany(entry => entry.Options.Models).FirstOrDefault(model => !model.EndsWith('*'));

    private static ProviderEntry Entry(string name, ProviderOptions options, IDialect dialect) =>
        options.Version is not { } version || dialect.Versions is not { } known || known.Contains(version, StringComparer.Ordinal)
            ? new ProviderEntry(name, options, dialect)
            : throw new InvalidOperationException($"Providers:{name}:Version is '{version}'; {dialect.Name} has {string.Join(", ", known)}, or none for the usual one.");
}
