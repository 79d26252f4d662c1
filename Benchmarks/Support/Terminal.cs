namespace Orchestrator.Benchmarks.Support;

/// <summary>What people see: figures on stdout, what is going on on stderr.</summary>
internal static class Terminal
{
    /// <summary>A line of figures.</summary>
    public static void Print(string line) => Console.WriteLine(line);

    /// <summary>What happens now.</summary>
    public static void Say(string line) => Console.Error.WriteLine(line);
}
