using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>
/// Which grains wait for the call being made, so that a cycle throws at once instead of hanging until its time-out.
/// Kept in strict mode only: it flows along the turn, as the trace context of a remote call would.
/// </summary>
[SuppressMessage("ApiDesign", "RS0030", Justification = "The host keeps the chain for grains, which have no other way to carry it.")]
internal sealed class CallChain(CallChain? caller, object grain)
{
    private static readonly AsyncLocal<CallChain?> Here = new();

    /// <summary>The chain of the turn that runs here.</summary>
    public static CallChain? Current => Here.Value;

    /// <summary>Begins a turn's share of the chain.</summary>
    public static void Enter(CallChain? chain) => Here.Value = chain;

    /// <summary>Whether this grain waits somewhere up the chain.</summary>
    public static bool Holds(CallChain? chain, object grain)
    {
        for (; chain is not null; chain = chain.Caller)
        {
            if (ReferenceEquals(chain.Grain, grain))
                return true;
        }

        return false;
    }

    private CallChain? Caller { get; } = caller;
    private object Grain { get; } = grain;
}
