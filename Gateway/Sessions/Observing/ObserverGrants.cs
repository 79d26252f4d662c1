namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>What an observer may do. Whoever has any of them reads.</summary>
[Flags]
internal enum ObserverGrants
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Reads what is said.</summary>
    Read = 1,
    /// <summary>Sends frames to the provider.</summary>
    Steer = 2,
    /// <summary>Ends the session.</summary>
    End = 4,
    /// <summary>What an API key of the session's tenant, or of one above it, may.</summary>
    All = Read | Steer | End,
}
