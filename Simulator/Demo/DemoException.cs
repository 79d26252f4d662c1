namespace Orchestrator.Simulator.Demo;

/// <summary>The demo cannot go on, and the message says in one sentence why.</summary>
internal sealed class DemoException(string message) : Exception(message);
