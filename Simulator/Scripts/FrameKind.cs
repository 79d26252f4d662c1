namespace Orchestrator.Simulator.Scripts;

/// <summary>The two kinds of WebSocket message.</summary>
public enum FrameKind
{
    /// <summary>UTF-8 text; every message of the dialects is one.</summary>
    Text,
    /// <summary>Bytes.</summary>
    Binary,
}
