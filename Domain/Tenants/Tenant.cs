using System.Globalization;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Domain.Tenants;

/// <summary>One node of the reseller tree. The text form is 32 lower-case hex digits.</summary>
public readonly record struct TenantId(Guid Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("N", CultureInfo.InvariantCulture);
}

/// <summary>A reseller or customer as every process knows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">The ids from the root of its tree down to itself.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Currency">ISO 4217; the same in the whole tree.</param>
/// <param name="IsSuspended">Suspended itself; one above it counts too, see <see cref="AccessPolicy"/>.</param>
/// <param name="MaxSessions">How many sessions it and all below it may have live, or no limit.</param>
/// <param name="MaxSessionDuration">How long a session of it or below it may run, or no limit.</param>
public sealed record Tenant(
    TenantId Id, IReadOnlyList<TenantId> Path, string Name, string Currency, bool IsSuspended, int? MaxSessions, TimeSpan? MaxSessionDuration);

/// <summary>What a tenant is charged for one model from an instant on, until the next version or the end.</summary>
/// <param name="Id">The version, never changed once made.</param>
/// <param name="Tenant">Who is charged, by the tenant above it.</param>
/// <param name="Model">The model, or null for every model without a price of its own.</param>
/// <param name="Price">The price.</param>
/// <param name="From">Valid from here.</param>
/// <param name="Until">Valid to before here, or open.</param>
public sealed record PriceVersion(long Id, TenantId Tenant, string? Model, Price Price, DateTimeOffset From, DateTimeOffset? Until)
{
    /// <summary>Whether it prices this model at this instant.</summary>
    public bool Covers(string model, DateTimeOffset at) => (Model is null || Model == model) && From <= at && (Until is not { } until || at < until);
}
