using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Tenants;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Who a caller is.</summary>
/// <param name="Credential">What it holds.</param>
/// <param name="Tenant">Whose that is.</param>
/// <param name="Path">The tenants from the root down to it.</param>
internal sealed record Caller(Credential Credential, Tenant Tenant, IReadOnlyList<Tenant> Path)
{
    /// <summary>Which tenants on the path limit concurrency.</summary>
    public IReadOnlyList<SessionLimit> Limits =>
        [.. Path.Where(tenant => tenant.MaxSessions is not null).Select(tenant => new SessionLimit(tenant.Id, tenant.MaxSessions!.Value))];

    /// <summary>The shortest of what the token and the tenants allow.</summary>
    public TimeSpan? MaxDuration => Path.Select(tenant => tenant.MaxSessionDuration)
        .Append((Credential as Credential.ClientToken)?.MaxSessionDuration)
        .Min();

    /// <summary>What the token is held to beside the tenants' policies.</summary>
    public TokenPolicyRef? TokenPolicy => Credential is Credential.ClientToken { PolicyName: var name, Policy: var policy } && (name is not null || policy is not null)
        ? new TokenPolicyRef(name, policy)
        : null;
}

/// <summary>What is known of who calls.</summary>
/// <param name="Caller">Who it is, or null.</param>
/// <param name="IsCertain">Whether a credential that nobody holds is known to be none; false while the database does not answer.</param>
internal readonly record struct Identity(Caller? Caller, bool IsCertain);

/// <summary>
/// Step 2: verifies a credential against this process's copy of the directory, without asking the database, and applies
/// <see cref="AccessPolicy"/>.
/// </summary>
internal sealed class AccessControl(
    TenantDirectory directory, ClientTokens tokens, ProviderCatalog providers, IHttpContextAccessor requests, TimeProvider time)
{
    /// <summary>The longest credential that is looked at, in characters.</summary>
    public const int MaxCredential = 6_000;

    /// <summary>The credential of a request: query <c>api_key</c>, header <c>X-API-KEY</c>, or a bearer token.</summary>
    public static string? CredentialOf(HttpRequest request)
    {
        if (request.Query["api_key"] is [{ Length: > 0 } query, ..])
            return query;
        if (request.Headers["X-API-KEY"] is [{ Length: > 0 } header, ..])
            return header;
        return request.Headers.Authorization is [{ } bearer, ..] && bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer[7..].Trim() : null;
    }

    /// <summary>Who holds this credential, which the request is known by from then on. Nothing is said yet of what it allows.</summary>
    public async ValueTask<Identity> IdentifyAsync(string? credential, CancellationToken cancellationToken)
    {
        if (credential is null or { Length: > MaxCredential })
            return new(null, IsCertain: true);

        Credential? held = tokens.Read(credential);
        var identity = held is not null
            ? IdentityOf(held, await directory.FindKeyAsync(held.KeyId, cancellationToken))
            : IdentityOf(held, await directory.FindKeyAsync(TenantAdmin.HashOf(credential), cancellationToken));
        requests.HttpContext?.Features.Set(identity.Caller);
        return identity;
    }

    /// <summary>Whose key that is; for what a key has minted.</summary>
    public async ValueTask<Identity> IdentifyKeyAsync(Guid key, CancellationToken cancellationToken) =>
        IdentityOf(held: null, await directory.FindKeyAsync(key, cancellationToken));

    private Identity IdentityOf(Credential? held, KeyLookup lookup) =>
        lookup.Key is { } key && directory.FindTenant(key.Tenant) is { } tenant && CountsHere(tenant)
            ? new(new Caller(held ?? new Credential.ApiKey(key.Id), tenant, directory.PathOf(tenant)), lookup.IsCertain)
            : new(null, lookup.IsCertain);

    /// <summary>
    /// Whether credentials of this tenant count at the address that was asked. Looked at here, so that no endpoint can forget it; who
    /// holds a credential of another tree learns no more than who holds none.
    /// </summary>
    private bool CountsHere(Tenant tenant) => OwnerOfHost is not { } owner || HostName.Admits(tenant.Path, owner.Path);

    /// <summary>Whose the address is that was asked; null when it is nobody's.</summary>
    public Tenant? OwnerOfHost => requests.HttpContext is { } context ? directory.OwnerOf(context.Request.Host.Host) : null;

    /// <summary>Why the caller may not open a session of this model from this origin, or null.</summary>
    public CloseCode? WhyRefused(Identity identity, string dialect, string? origin, string? model) =>
        WhyUnknown(identity) is CloseCode.StorageUnavailable ? CloseCode.StorageUnavailable : WhyRefused(identity.Caller, dialect, origin, model);

    private CloseCode? WhyRefused(Caller? caller, string dialect, string? origin, string? model) => AccessPolicy.Refusal(new AccessRequest(
        caller?.Credential,
        KeyRevoked: caller is not null && directory.FindKey(caller.Credential.KeyId) is not { IsRevoked: false },
        TreeSuspended: caller is not null && caller.Path.Any(tenant => tenant.IsSuspended),
        origin,
        model,
        ModelServed: model is not null && providers.TryFind(dialect, model, out _),
        // Who sells on what he has no price for would not be charged for it.
        ModelPriced: model is not null && caller is not null && caller.Path.All(tenant => directory.FindPrice(tenant.Id, model) is not null),
        time.GetUtcNow()));

    /// <summary>Why the caller may not use the API, or null: it needs an API key that is neither revoked nor suspended.</summary>
    public CloseCode? WhyRefusedApi(Identity identity) => identity.Caller is { } caller ? WhyGone(caller) : WhyUnknown(identity);

    /// <summary>Why somebody who was let in may not stay, or null: the key was revoked, or a tenant above it was suspended.</summary>
    public CloseCode? WhyGone(Caller caller) => directory.WhyRefused([.. caller.Path.Select(tenant => tenant.Id)], caller.Credential.KeyId);

    // A client that is told its credential is none gives up for good, so it is told so only when that is known.
    private static CloseCode? WhyUnknown(Identity identity) =>
        identity.Caller is not null ? null : identity.IsCertain ? CloseCode.InvalidCredential : CloseCode.StorageUnavailable;
}
