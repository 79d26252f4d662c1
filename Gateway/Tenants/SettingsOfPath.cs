using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>What the settings of a tenant and of all above it come to. Asked for when a token is minted, never for a session.</summary>
internal sealed class SettingsOfPath(IGrains grains)
{
    /// <summary>The grain of one tenant's settings.</summary>
    public ITenantSettingsGrain Of(TenantId tenant) => grains.Get<ITenantSettingsGrain>(tenant.ToString());

    /// <summary>What counts for tokens of the last of the path.</summary>
    public async Task<TenantSettings> EffectiveAsync(IReadOnlyList<TenantId> path, CancellationToken cancellationToken)
    {
        var standing = await Task.WhenAll(path.Select(tenant => Of(tenant).GetAsync(cancellationToken)));
        return TokenPolicy.Effective([.. standing.Select(one => one.Settings ?? TenantSettings.None)]);
    }
}
