using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Tenants;

/// <summary>An API key as every process knows it. The key itself is nowhere but with its owner.</summary>
public sealed record ApiKeyRecord(Guid Id, TenantId Tenant, string Sha256, bool IsRevoked);

/// <summary>What changed since a reader's last look.</summary>
/// <param name="Snapshot">Where the next look begins.</param>
/// <param name="Tenants">Tenants that are new or changed.</param>
/// <param name="Keys">Keys that are new or changed.</param>
/// <param name="Prices">Price versions that are new or ended.</param>
public sealed record DirectoryChanges(
    ulong Snapshot, IReadOnlyList<Tenant> Tenants, IReadOnlyList<ApiKeyRecord> Keys, IReadOnlyList<PriceVersion> Prices)
{
    /// <summary>Addresses that were given to a tenant, or taken away.</summary>
    public IReadOnlyList<TenantHost> Hosts { get; init; } = [];
}

/// <summary>Where tenants, keys and prices are kept.</summary>
public interface ITenantStore
{
    /// <summary>
    /// All that was committed since a look that answered <paramref name="since"/>, or everything for 0. A row may be told
    /// twice; none is missed, however late its transaction committed.
    /// </summary>
    Task<DirectoryChanges> ReadChangesAsync(ulong since, CancellationToken cancellationToken);
}
