using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Signaling;
using Orchestrator.Gateway.Tenants;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Somebody who asks for a session over HTTP and holds a credential that is one.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="Credential">What it holds.</param>
/// <param name="Source">What its refusals are counted by.</param>
internal sealed record Newcomer(Identity Identity, string Credential, Source Source)
{
    /// <summary>The caller.</summary>
    public Caller Caller => Identity.Caller!;
}

/// <summary>A session that was opened and answered.</summary>
/// <param name="Session">The session.</param>
/// <param name="Tag">The entity tag of its ICE generation.</param>
/// <param name="Answer">What came of the offer.</param>
internal sealed record Opened(SessionId Session, string Tag, OfferAnswer Answer);

/// <summary>What the provider said to an offer.</summary>
/// <param name="Sdp">Its answer.</param>
/// <param name="IceServers">The servers it names for the client's media, as JSON objects.</param>
/// <param name="Candidates">The candidates that came in time.</param>
/// <param name="IsEnd">Whether there are no more.</param>
internal sealed record OfferAnswer(string Sdp, IReadOnlyList<string> IceServers, IReadOnlyList<IceCandidate> Candidates, bool IsEnd)
{
    /// <summary>The answer with its candidates, for a client that can be told none later.</summary>
    public string WholeSdp => SdpText.With(Sdp, Candidates, IsEnd);
}
