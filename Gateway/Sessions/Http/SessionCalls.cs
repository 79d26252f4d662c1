using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>A request about a session that its sender may use.</summary>
/// <param name="Session">The session.</param>
/// <param name="Look">What is known of it.</param>
/// <param name="IsClient">The session's own client asks.</param>
internal sealed record SessionCall(SessionId Session, SessionLook Look, bool IsClient)
{
    /// <summary>What it was opened with.</summary>
    public OpenSession Request => Look.Request!;

    /// <summary>What it remembers of its offer.</summary>
    public HttpOpening Http => Request.Http!;
}

/// <summary>
/// Who may use a session: the credential that opened it, or an API key of its tenant or of one above. To everybody else it
/// does not exist, and that is decided before anything else of a request is looked at.
/// </summary>
internal sealed class SessionCalls(AccessControl access, RefusalThrottle throttle, EventTokens tokens, ISessionQueries queries, IGrains grains)
{
    /// <summary>What a session knows its opener's credential by.</summary>
    public static string OpenerOf(string credential) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(credential)));

    /// <summary>The session, or why the request goes no further.</summary>
    /// <param name="context">The request.</param>
    /// <param name="id">The session it names.</param>
    /// <param name="form">The form in which it asks; null where any will do.</param>
    public async Task<(SessionCall? Call, IResult? Problem)> FindAsync(HttpContext context, string id, SignalForm? form)
    {
        var credential = AccessControl.CredentialOf(context.Request);
        var identity = await access.IdentifyAsync(credential, context.RequestAborted);
        if (access.WhyRefusedApi(identity) is { } refused)
            return (null, Refuse(context, SignalProblems.Refused(context, refused), credential));
        if (!SessionId.TryParse(id, provider: null, out var session))
            return (null, Problems.SessionNotFound);

        var opener = OpenerOf(credential!);
        var look = await LookAsync(session, request => request.Http?.Opener == opener, context.RequestAborted);
        var caller = identity.Caller!;
        if (look.Request is not { } request)
            return (null, await WhyNotHereAsync(context, session, caller));
        var isClient = request.Http?.Opener == opener;
        if (!isClient && !(caller.Credential is Credential.ApiKey && request.Path.Contains(caller.Tenant.Id)))
            return (null, Problems.SessionNotFound);
        return Judge(new SessionCall(session, look, isClient), form);
    }

    /// <summary>The same for a reader of events who holds their token instead of a credential.</summary>
    public async Task<(SessionCall? Call, IResult? Problem)> FindByTokenAsync(HttpContext context, string id, string token, SignalForm? form)
    {
        if (!SessionId.TryParse(id, provider: null, out var session) || !tokens.Opens(token, session))
            return (null, Refuse(context, SignalProblems.Refused(context, CloseCode.InvalidCredential), token));
        var look = await LookAsync(session, _ => true, context.RequestAborted);
        return look.Request is null ? (null, SignalProblems.Gone) : Judge(new SessionCall(session, look, IsClient: true), form);
    }

    private static (SessionCall?, IResult?) Judge(SessionCall call, SignalForm? form)
    {
        if (call.Request.Http is not { } http)
            return (null, form is null ? SignalProblems.NotHttp : Problems.SessionNotFound);
        if (form is not null && http.Form != form.Name)
            return (null, Problems.SessionNotFound);
        if (form is { OpenerOnly: true } && !call.IsClient)
            return (null, SignalProblems.WrongCredential);
        return call.Look.Phase is SessionPhase.Ended ? (null, SignalProblems.Gone) : (call, null);
    }

    /// <summary>Looks, and where it is the session's own client that asks, lets the session know that it is still there.</summary>
    private async Task<SessionLook> LookAsync(SessionId session, Func<OpenSession, bool> isClient, CancellationToken cancellationToken)
    {
        var grain = grains.Get<ISessionGrain>(session.ToString());
        var look = await grain.LookAsync(isClient: false, cancellationToken);
        return look.Request is { } request && isClient(request) ? await grain.LookAsync(isClient: true, cancellationToken) : look;
    }

    /// <summary>No process that can be asked has it: it is over, or in one that shares nothing but the database with this one.</summary>
    private async Task<ProblemHttpResult> WhyNotHereAsync(HttpContext context, SessionId session, Caller caller)
    {
        // A token is known to its session alone: without one it may ask for nothing.
        if (caller.Credential is not Credential.ApiKey || await queries.FindAsync(caller.Tenant.Id, session, context.RequestAborted) is not { } row)
            return Problems.SessionNotFound;
        return row.EndedAt is null ? SignalProblems.Elsewhere(context) : SignalProblems.Gone;
    }

    private IResult Refuse(HttpContext context, IResult refusal, string? credential) =>
        throttle.TryBePolite(Source.Of(context, credential)) ? refusal : Problems.TooManyRefusals(context);
}
