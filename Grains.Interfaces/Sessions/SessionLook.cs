using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>What a request about a session has to know of it.</summary>
/// <param name="Request">What it was opened with; null where the process that was asked knows nothing of it.</param>
/// <param name="Phase">Where it is in its life.</param>
/// <param name="Code">Why it ended, once it has.</param>
/// <param name="Revision">How often its client has sent candidates.</param>
/// <param name="Next">The number that the next frame on it will have.</param>
public sealed record SessionLook(OpenSession? Request, SessionPhase Phase, CloseCode? Code, long Revision, long Next)
{
    /// <summary>There is no relay here.</summary>
    public static SessionLook Gone { get; } = new(Request: null, SessionPhase.Ended, Code: null, Revision: 0, Next: 1);
}
