using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>A token as the provider's API answers it.</summary>
internal sealed record ClientTokenResponse(
    string ApiKey, DateTime ExpiresAt, ClientTokenResponse.Permission? Permissions, ClientTokenResponse.Constraint? Constraints)
{
    public static ClientTokenResponse For(string key, Credential.ClientToken token) => new(
        key,
        token.ExpiresAt.UtcDateTime,
        token.Models is null && token.Origins is null ? null : new Permission(token.Models, token.Origins),
        token.MaxSessionDuration is { } duration ? new Constraint(new Realtime((int)duration.TotalSeconds)) : null);

    internal sealed record Permission(IReadOnlyList<string>? Models, IReadOnlyList<string>? Origins);

    internal sealed record Constraint(Realtime Realtime);

    internal sealed record Realtime(int MaxSessionDuration);
}
