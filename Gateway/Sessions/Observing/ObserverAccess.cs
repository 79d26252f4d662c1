using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>Somebody who was let watch a session.</summary>
/// <param name="Session">The session.</param>
/// <param name="Viewer">The tenant whose key let it.</param>
/// <param name="Grants">What it may do.</param>
/// <param name="Actor">Who it is, for the timeline.</param>
/// <param name="WhyGone">Why it would not be let watch any more, or null.</param>
internal sealed record Observer(SessionId Session, TenantId Viewer, ObserverGrants Grants, string Actor, Func<CloseCode?> WhyGone);

/// <summary>
/// Who may watch: the holder of an API key of the session's tenant, or of one above it, and the holder of a token that such a key
/// minted for this very session. For everybody else the session does not exist.
/// </summary>
internal sealed class ObserverAccess(AccessControl access, ObserverTokens tokens, RefusalThrottle throttle, ISessionQueries queries, TimeProvider time)
{
    /// <summary>Who asks, and the session as its row tells it; or why not.</summary>
    public async Task<(Observer? Observer, SessionRow? Row, IResult? Refused)> AdmitAsync(HttpContext context, string id, CancellationToken cancellationToken)
    {
        var credential = AccessControl.CredentialOf(context.Request);
        var token = tokens.Read(credential);
        var identity = token is null ? await access.IdentifyAsync(credential, cancellationToken) : await access.IdentifyKeyAsync(token.MintedBy, cancellationToken);
        if (WhyRefused(identity, token) is { } refused)
            return (null, null, Refuse(context, refused, credential));

        var caller = identity.Caller!;
        if (!SessionId.TryParse(id, provider: null, out var session) || (token is not null && token.Session != session)
            || await queries.FindAsync(caller.Tenant.Id, session, cancellationToken) is not { } row)
        {
            return (null, null, Problems.SessionNotFound);
        }

        var actor = token is null ? $"key:{caller.Credential.KeyId:N}" : $"observer of key:{caller.Credential.KeyId:N}";
        return (new Observer(session, caller.Tenant.Id, token?.Grants ?? ObserverGrants.All, actor, () => WhyGone(caller, token)), row, null);
    }

    private ProblemHttpResult? WhyRefused(Identity identity, ObserverToken? token) =>
        access.WhyRefusedApi(identity) is { } refused ? Problems.Refused(refused)
        : identity.Caller!.Credential is not Credential.ApiKey ? Problems.TokenNotAllowed
        : token?.ExpiresAt <= time.GetUtcNow() ? Problems.Refused(CloseCode.CredentialExpired)
        : null;

    private CloseCode? WhyGone(Caller caller, ObserverToken? token) =>
        access.WhyGone(caller) ?? (token?.ExpiresAt <= time.GetUtcNow() ? CloseCode.CredentialExpired : null);

    private IResult Refuse(HttpContext context, IResult refusal, string? credential) =>
        throttle.TryBePolite(Source.Of(context, credential)) ? refusal : Problems.TooManyRefusals(context);
}
