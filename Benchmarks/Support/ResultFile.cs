namespace Orchestrator.Benchmarks.Support;

/// <summary>Where tables are kept: <c>Benchmarks/results</c>, named by date, commit and benchmark.</summary>
internal static class ResultFile
{
    /// <summary>The commit that is measured, as <c>./bench</c> names it.</summary>
    public static string Commit => Environment.GetEnvironmentVariable("ORCHESTRATOR_COMMIT") is { Length: > 0 } commit ? commit : "unknown";

    /// <summary>Writes a table with its circumstances; a later run of the same day and commit replaces it.</summary>
    public static async Task SaveAsync(string benchmark, string title, string table)
    {
        var folder = Environment.GetEnvironmentVariable("ORCHESTRATOR_RESULTS")
            ?? throw new InvalidOperationException("ORCHESTRATOR_RESULTS does not say where results are kept; start with ./bench.");
        Directory.CreateDirectory(folder);
        var today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd");
        var path = Path.Combine(folder, $"{today}-{Commit}-{benchmark}.md");
        await File.WriteAllTextAsync(path, $"# {title}\n\n{today}, {table}\n");
        Terminal.Say($"saved {Path.GetFileName(path)}");
    }
}
