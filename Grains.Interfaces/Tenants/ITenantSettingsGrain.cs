using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Interfaces.Tenants;

/// <summary>What the owner of a tenant, or one above it, sets for its client tokens. Keyed by the tenant's id.</summary>
[Grain]
public interface ITenantSettingsGrain
{
    /// <summary>The settings as they stand; of this tenant alone, whatever is set above it.</summary>
    Task<StandingSettings> GetAsync(CancellationToken cancellationToken);

    /// <summary>Replaces or clears them, if nobody did since <see cref="SettingsWish.ETag"/> and nobody higher up has set them.</summary>
    Task<SettingsChange> ChangeAsync(SettingsWish wish, CancellationToken cancellationToken);
}

/// <summary>Settings as they stand.</summary>
/// <param name="Settings">What they say; null when nothing is set.</param>
/// <param name="SetAtDepth">Where in its tree the one stands that set them, a root at 1.</param>
/// <param name="ETag">Their version; null when nothing was ever set.</param>
public sealed record StandingSettings(TenantSettings? Settings, int? SetAtDepth, string? ETag);

/// <summary>A change that somebody wants.</summary>
/// <param name="Settings">What they shall say; null to clear them.</param>
/// <param name="Depth">Where in its tree the one stands that wants it, a root at 1. It is above the tenant, or the tenant itself.</param>
/// <param name="ETag">The version that it is to replace; null when nothing was ever set.</param>
/// <param name="Actor">Who wants it, as the audit names it.</param>
public sealed record SettingsWish(TenantSettings? Settings, int Depth, string? ETag, string Actor);

/// <summary>How a change went.</summary>
public enum SettingsOutcome
{
    /// <summary>They stand as wanted.</summary>
    Written,
    /// <summary>Somebody changed them since; nothing was done.</summary>
    Stale,
    /// <summary>One above the one that wants it has set them; nothing was done.</summary>
    SetAbove,
}

/// <summary>How a change went, and the settings as they stand after it.</summary>
public sealed record SettingsChange(SettingsOutcome Outcome, StandingSettings Standing);
