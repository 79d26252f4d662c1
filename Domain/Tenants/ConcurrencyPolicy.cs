namespace Orchestrator.Domain.Tenants;

/// <summary>How many sessions a tenant and all below it have live, of how many it may.</summary>
public readonly record struct ConcurrencyLimit(TenantId Tenant, int Live, int Limit);

/// <summary>Who of a batch fits under the limits of its tree.</summary>
public static class ConcurrencyPolicy
{
    /// <summary>
    /// Goes through the requests in order and admits each that leaves every limit on its path kept; one that is refused takes no place.
    /// </summary>
    /// <param name="paths">For each request the tenants from root to leaf.</param>
    /// <param name="limits">The limits among those tenants; a tenant without one has none.</param>
    /// <returns>For each request whether it is admitted.</returns>
    public static bool[] Admit(IReadOnlyList<IReadOnlyList<TenantId>> paths, IEnumerable<ConcurrencyLimit> limits)
    {
        var room = limits.ToDictionary(limit => limit.Tenant, limit => limit.Limit - limit.Live);
        var admitted = new bool[paths.Count];
        for (var i = 0; i < paths.Count; i++)
        {
            var limited = paths[i].Where(room.ContainsKey).ToList();
            admitted[i] = limited.TrueForAll(tenant => room[tenant] > 0);
            if (admitted[i])
                limited.ForEach(tenant => room[tenant]--);
        }

        return admitted;
    }
}
