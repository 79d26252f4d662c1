using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Tenants;

namespace Orchestrator.Grains.Tenants;

/// <summary>What is kept of a tenant's settings.</summary>
/// <param name="Settings">What they say.</param>
/// <param name="SetAtDepth">Where in its tree the one stands that set them, a root at 1. Tenants do not move.</param>
public sealed record TenantSettingsDocument(TenantSettings Settings, int SetAtDepth) : ISetFromAbove;

/// <summary>The settings of one tenant, in a document of their own.</summary>
public class TenantSettingsGrain(IGrainLife life, IGrainDocument<TenantSettingsDocument> document) : ITenantSettingsGrain
{
    /// <summary>The document's name.</summary>
    public const string Document = "tenant_settings";

    private readonly TenantId _tenant = new(Guid.ParseExact(life.Key, "N"));

    /// <inheritdoc/>
    public async Task<StandingSettings> GetAsync(CancellationToken cancellationToken)
    {
        await document.EnsureReadAsync(cancellationToken);
        return Standing;
    }

    /// <inheritdoc/>
    public async Task<SettingsChange> ChangeAsync(SettingsWish wish, CancellationToken cancellationToken) =>
        new(await document.ChangeAsync(wish.Depth, wish.ETag, () => WriteAsync(wish, cancellationToken), cancellationToken), Standing);

    private StandingSettings Standing => new(document.Value?.Settings, document.Value?.SetAtDepth, document.ETag);

    private Task<DocumentOutcome> WriteAsync(SettingsWish wish, CancellationToken cancellationToken) => wish.Settings is { } settings
        ? document.WriteAsync(
            new TenantSettingsDocument(settings, wish.Depth), new DocumentChange(_tenant, wish.Actor, "settings_set", new { settings, replaces = wish.ETag }), cancellationToken)
        : document.ClearAsync(new DocumentChange(_tenant, wish.Actor, "settings_cleared", new { replaces = wish.ETag }), cancellationToken);
}
