namespace Orchestrator.Grains.Providers;

/// <summary>The WebSocket of a dialect's clients.</summary>
/// <param name="Path">Where they connect, such as <c>/v1/stream</c>.</param>
public sealed record ClientLeg(string Path);
