namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>Text frames that a client without a socket has said by a request.</summary>
/// <param name="Frames">The frames, in order; none to give the turn back.</param>
/// <param name="Turn">
/// A name for the turn that the request takes: until it is given back, or has taken too long, others that want one are turned
/// away. For what the provider answers without saying which of several it means. Null for what needs none.
/// </param>
/// <param name="Revision">They are candidates, and are taken only if there were so many sendings of candidates before; -1 for any number.</param>
public sealed record ClientSignal(IReadOnlyList<byte[]> Frames, Guid? Turn = null, long? Revision = null);

/// <summary>What became of them.</summary>
public enum SignalOutcome
{
    /// <summary>There is no such session here, or it is over.</summary>
    Gone,
    /// <summary>They are on their way to the provider.</summary>
    Sent,
    /// <summary>Another request has its turn.</summary>
    Busy,
    /// <summary>Candidates came in between.</summary>
    Stale,
    /// <summary>The provider takes them too slowly.</summary>
    Full,
}

/// <summary>What became of a client's frames.</summary>
/// <param name="Outcome">That.</param>
/// <param name="From">What the provider says to them has this number on the session, or a later one.</param>
/// <param name="Revision">How often the client has now sent candidates.</param>
public sealed record SignalAnswer(SignalOutcome Outcome, long From, long Revision)
{
    /// <summary>There is no relay here.</summary>
    public static SignalAnswer Gone { get; } = new(SignalOutcome.Gone, From: 0, Revision: 0);
}
