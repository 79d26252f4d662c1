using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>What a tenant is charged for one model's tokens from an instant on, until the next version or the end.</summary>
/// <param name="Id">The version, never changed once made.</param>
/// <param name="Tenant">Who is charged, by the tenant above it.</param>
/// <param name="Model">The model, or null for every model without a price of its own.</param>
/// <param name="Price">The price.</param>
/// <param name="From">Valid from here.</param>
/// <param name="Until">Valid to before here, or open.</param>
public sealed record TokenPriceVersion(long Id, TenantId Tenant, string? Model, TokenPrice Price, DateTimeOffset From, DateTimeOffset? Until);
