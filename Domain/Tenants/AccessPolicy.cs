using Orchestrator.Domain.Sessions;

namespace Orchestrator.Domain.Tenants;

/// <summary>What somebody wants to open, with all that is known of them.</summary>
/// <param name="Credential">What they hold, or null when it is no credential of ours.</param>
/// <param name="KeyRevoked">Whether the key behind it was revoked.</param>
/// <param name="TreeSuspended">Whether the tenant or one above it is suspended.</param>
/// <param name="Origin">The <c>Origin</c> header, if the client sent one.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="ModelServed">Whether a provider serves that model.</param>
/// <param name="ModelPriced">Whether every level of the tenant's path has a price for it now.</param>
/// <param name="Now">The instant of the request.</param>
public sealed record AccessRequest(
    Credential? Credential, bool KeyRevoked, bool TreeSuspended, string? Origin, string? Model, bool ModelServed, bool ModelPriced, DateTimeOffset Now);

/// <summary>Who may open what. The order matters: who holds no valid credential learns nothing of models or accounts.</summary>
public static class AccessPolicy
{
    /// <summary>The longest model name that is looked at, in characters.</summary>
    public const int MaxModelLength = 100;

    /// <summary>Why the request is refused, or null when it may go on to admission.</summary>
    public static CloseCode? Refusal(AccessRequest request) => request switch
    {
        { Credential: null }                                                           => CloseCode.InvalidCredential,
        { KeyRevoked: true }                                                           => CloseCode.CredentialRevoked,
        { Credential: Credential.ClientToken token } when token.ExpiresAt <= request.Now => CloseCode.CredentialExpired,
        { TreeSuspended: true }                                                        => CloseCode.TenantSuspended,
        { Credential: Credential.ClientToken { Origins: { } origins } } when request.Origin is null || !origins.Contains(request.Origin)
                                                                                       => CloseCode.OriginNotAllowed,
        { Model: null or "" or { Length: > MaxModelLength } }                          => CloseCode.InvalidRequest,
        { Model: { } model } when model.Any(char.IsControl) || CredentialText.IsIn(model) => CloseCode.InvalidRequest,
        { Credential: Credential.ClientToken { Models: { } models } } when !models.Contains(request.Model)
                                                                                       => CloseCode.ModelNotAllowed,
        { ModelServed: false }                                                         => CloseCode.ModelNotAllowed,
        { ModelPriced: false }                                                         => CloseCode.ModelNotPriced,
        _                                                                              => null,
    };
}
