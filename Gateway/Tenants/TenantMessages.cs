using Orchestrator.Gateway.Requests;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>A tenant to be added.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Parent">The tenant above it; the caller by default.</param>
/// <param name="MaxSessions">How many sessions it and all below it may have live; no limit by default.</param>
/// <param name="MaxSessionSeconds">How long a session of it or below may run; no limit by default.</param>
internal sealed record NewTenant(string? Name, string? Parent, int? MaxSessions, int? MaxSessionSeconds)
{
    public static NewTenant Read(JsonBody body)
    {
        var (name, parent, limits) = (body.Text("name", 200, required: true), body.Tenant("parent"), TenantLimits.Read(body));
        return new NewTenant(name, parent?.ToString(), limits.MaxSessions, limits.MaxSessionSeconds);
    }
}

/// <summary>Limits of a tenant; a field that is absent stays as it is, null lifts it.</summary>
internal sealed record TenantLimits(int? MaxSessions, int? MaxSessionSeconds)
{
    public static TenantLimits Read(JsonBody body) =>
        new((int?)body.Whole("maxSessions", 0, int.MaxValue), (int?)body.Whole("maxSessionSeconds", 1, int.MaxValue));
}

/// <summary>A tenant as the API shows it: without anything of those above the caller.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Parent">The tenant above it; null for the caller itself.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Currency">ISO 4217, the same in the whole tree.</param>
/// <param name="SuspendedAt">Since when it is suspended itself; one above it counts too.</param>
/// <param name="MaxSessions">How many sessions it and all below it may have live.</param>
/// <param name="MaxSessionSeconds">How long a session of it or below may run.</param>
/// <param name="CreatedAt">When it was added.</param>
internal sealed record TenantResponse(
    string Id, string? Parent, string Name, string Currency, DateTimeOffset? SuspendedAt, int? MaxSessions, int? MaxSessionSeconds, DateTimeOffset CreatedAt)
{
    public static TenantResponse Of(TenantRow row) => new(
        row.Id.ToString(), row.Parent?.ToString(), row.Name, row.Currency, row.SuspendedAt, row.MaxSessions, row.MaxSessionSeconds, row.CreatedAt);
}

/// <summary>A key to be made.</summary>
/// <param name="Name">What to call it.</param>
internal sealed record NewKey(string? Name);

/// <summary>A key that was made. It is shown this once.</summary>
internal sealed record NewKeyResponse(string Id, string Name, string Key);

/// <summary>A key as it is listed.</summary>
internal sealed record KeyResponse(string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt)
{
    public static KeyResponse Of(KeyRow row) => new(row.Id.ToString("N"), row.Name, row.CreatedAt, row.RevokedAt);
}
