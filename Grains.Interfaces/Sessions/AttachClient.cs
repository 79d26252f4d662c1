using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>A client of another process that is to have a session.</summary>
/// <param name="Attachment">Names the link; the same when the call is repeated.</param>
/// <param name="Request">What was authenticated about it.</param>
/// <param name="Query">The client's other query parameters, its credentials already taken out.</param>
public sealed record AttachClient(Guid Attachment, OpenSession Request, IReadOnlyList<QueryParameter> Query);

/// <summary>One parameter of a client's query.</summary>
public sealed record QueryParameter(string Name, string Value);

/// <summary>Whether the session's process has taken the client.</summary>
/// <param name="IsAttached">It has: its relay speaks to the client, also to tell it of a refusal.</param>
/// <param name="Refused">Why the session is refused, or null. Refused without being attached, the client hears it from its gateway.</param>
public sealed record AttachAnswer(bool IsAttached, CloseCode? Refused)
{
    /// <summary>This process takes no more sessions, and nothing was claimed: another session, elsewhere, may be let in.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsElsewhere => !IsAttached && Refused is null;
}
