namespace Orchestrator.Tests.Support;

/// <summary>A process to be started.</summary>
/// <param name="Program">The program: a file beside the tests, or a path of its own.</param>
/// <param name="Settings">What it is told.</param>
/// <param name="WhenGone">Called once the process is gone.</param>
public sealed record Launch(string Program, IReadOnlyDictionary<string, string> Settings, Action? WhenGone = null);
