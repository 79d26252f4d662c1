using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// What tells families of calls apart at the edge: how a call is asked for, answered and named. A call is named by the session that it is, not by the
/// provider's own name of it. Stateless.
/// </summary>
internal abstract class CallSurface
{
    /// <summary>The dialect's name.</summary>
    public abstract string Dialect { get; }

    /// <summary>What the names of its calls begin with.</summary>
    protected abstract string Prefix { get; }

    /// <summary>Reads what a client posts, or says what is wrong.</summary>
    public abstract Task<(OpenAIOfferBody? Body, OpenAIError? Error)> ReadAsync(HttpRequest request);

    /// <summary>The answer to it.</summary>
    public abstract IResult Answer(HttpResponse response, SessionId session, string sdp, string model);

    /// <summary>What a connection to a running session hears first whose first events are forgotten.</summary>
    public abstract byte[] Hello(string eventId, SessionRow session);

    /// <summary>The name of a session's call.</summary>
    public string NameOf(SessionId session) => Prefix + session;

    /// <summary>The session of that name.</summary>
    public bool TryParse(string? call, out SessionId session)
    {
        session = default;
        return call is not null && call.StartsWith(Prefix, StringComparison.Ordinal) && SessionId.TryParse(call[Prefix.Length..], provider: null, out session);
    }
}
