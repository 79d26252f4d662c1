namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>What goes wrong with the sessions of a model; by default nothing does.</summary>
public sealed record RealtimePlan
{
    /// <summary>The status that a call is refused with; 0: it is answered.</summary>
    public int RefuseCalls { get; init; }

    /// <summary>How many connections to a fresh call are told that there is none, as in the race right after it was answered.</summary>
    public int EarlySidebands { get; init; }

    /// <summary>How many hang-ups fail with 500 before one is taken.</summary>
    public int FailingHangUps { get; init; }

    /// <summary>Whether sidebands of a call may not change its settings; its client on its data channel may.</summary>
    public bool RefuseUpdates { get; init; }

    /// <summary>Whether refusals name the provider and repeat the key that was sent.</summary>
    public bool Parrots { get; init; }
}
