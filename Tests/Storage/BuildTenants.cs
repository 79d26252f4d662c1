using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>A tenant with a key, and those above it.</summary>
/// <param name="Path">From the root down to itself.</param>
/// <param name="KeyId">Its key.</param>
/// <param name="Key">What its owner was shown.</param>
internal sealed record Customer(IReadOnlyList<TenantId> Path, Guid KeyId, string Key)
{
    /// <summary>The tenant itself.</summary>
    public TenantId Id => Path[^1];
}

/// <summary>Tenants, keys and prices, made as the program makes them.</summary>
internal static class BuildTenants
{
    /// <summary>What tenants pay unless a test says otherwise: a cent per second.</summary>
    public static readonly Price Cent = new(10_000m, Rounding.Default);

    /// <summary>Changes of the tree.</summary>
    public static TenantAdmin Admin(this TestDatabase database) => new(database.Database, TimeProvider.System);

    /// <summary>A tenant that may open sessions, below another or a root, with a price for every model.</summary>
    public static async Task<Customer> AddCustomerAsync(this TestDatabase database, Customer? parent = null, int? maxSessions = null, Price? price = null)
    {
        var admin = database.Admin();
        var id = await admin.AddTenantAsync("a customer", "USD", parent?.Id, maxSessions);
        var key = await admin.AddKeyAsync(id, "a key");
        await admin.SetPriceAsync(id, model: null, price ?? Cent);
        return new Customer([.. parent?.Path ?? [], id], key.Id, key.Key);
    }
}
