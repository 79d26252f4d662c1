namespace Orchestrator.Simulator.Demo;

/// <summary>The nine steps of a session's life, numbered as in ARCHITECTURE.md.</summary>
internal enum DemoStep
{
    /// <summary>A client opens a socket.</summary>
    Connect = 1,
    /// <summary>Its credential is verified.</summary>
    Authenticate,
    /// <summary>The session gets its row.</summary>
    Claim,
    /// <summary>Whatever it may need is granted.</summary>
    Admit,
    /// <summary>The provider's socket is opened.</summary>
    Dial,
    /// <summary>Frames pass.</summary>
    Relay,
    /// <summary>Seconds are counted.</summary>
    Meter,
    /// <summary>Both sides are closed, and the books.</summary>
    End,
    /// <summary>What was recorded, and what it costs.</summary>
    Bill,
}
