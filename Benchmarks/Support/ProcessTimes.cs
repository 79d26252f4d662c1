using System.Globalization;

namespace Orchestrator.Benchmarks.Support;

/// <summary>What Linux knows of a process's use of the processor, in seconds.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Parent">Its parent's id.</param>
/// <param name="Group">Its session's id: all that one shell command started.</param>
/// <param name="Own">What it has used.</param>
/// <param name="Ended">What those of its children used that have ended.</param>
internal sealed record ProcessTimes(int Id, int Parent, int Group, double Own, double Ended)
{
    // USER_HZ, which is 100 on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Every process that can be seen.</summary>
    public static IEnumerable<ProcessTimes> All() => Directory.EnumerateDirectories("/proc")
        .Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]))
        .Select(folder => Of(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)))
        .OfType<ProcessTimes>();

    /// <summary>One process, or null when it has gone.</summary>
    public static ProcessTimes? Of(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            // Its name may hold anything; after the last parenthesis come fields 3 and on.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessTimes(id, (int)Field(4), (int)Field(6), (Field(14) + Field(15)) / TicksPerSecond, (Field(16) + Field(17)) / TicksPerSecond);

            double Field(int number) => double.Parse(fields[number - 3], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
