namespace Orchestrator.Tests.Support;

/// <summary>
/// What a <see cref="ChildGateway"/> runs: here the gateway, alone. Tests.Cluster has a file of its own in place of this one,
/// and everything else of the scenarios unchanged.
/// </summary>
internal static class ProgramUnderTest
{
    /// <summary>The program, whatever verb it is given.</summary>
    public const string Program = "orchestrator.dll";

    /// <summary>The process that clients connect to, and those that must run before it.</summary>
    public static (Launch Program, IReadOnlyList<Launch> Beside) For(IReadOnlyDictionary<string, string> settings) => (new Launch(Program, settings), []);
}
