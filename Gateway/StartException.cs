namespace Orchestrator.Gateway;

/// <summary>The program cannot start, and the message says in one sentence what to do about it.</summary>
public sealed class StartException(string message) : Exception(message);
