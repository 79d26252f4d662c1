using System.Globalization;

namespace Orchestrator.Simulator.Demo;

/// <summary>
/// The demo as it is told on the terminal: one line for each thing that happened, in the order in which it happened. What
/// the client does is known at once and what the gateway did a moment later, so every line is held back for that moment.
/// Safe for any thread.
/// </summary>
internal sealed class Story(TextWriter output, bool colours, TimeProvider time)
{
    /// <summary>How long a line waits for others that happened before it.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly List<(DateTimeOffset At, DemoStep Step, string Text)> _held = [];

    /// <summary>Something that happens now.</summary>
    public void Tell(DemoStep step, string text) => Tell(time.GetUtcNow(), step, text);

    /// <summary>Something that happened at that instant.</summary>
    public void Tell(DateTimeOffset at, DemoStep step, string text)
    {
        lock (_gate)
            _held.Add((at, step, text));
    }

    /// <summary>Prints until cancelled. What is then still held waits for <see cref="PrintAll"/>.</summary>
    public async Task PrintAsync(CancellationToken cancellationToken)
    {
        using var beat = new PeriodicTimer(Beat, time);
        try
        {
            while (await beat.WaitForNextTickAsync(cancellationToken))
                Print(time.GetUtcNow() - Hold);
        }
        catch (OperationCanceledException)
        {
            // The story is over.
        }
    }

    /// <summary>Prints whatever is held.</summary>
    public void PrintAll() => Print(DateTimeOffset.MaxValue);

    /// <summary>One line: seconds since the beginning, the step's number and name, and what happened.</summary>
    public static string Line(TimeSpan elapsed, DemoStep step, string text, bool colours)
    {
        var seconds = Math.Max(0, elapsed.TotalSeconds).ToString("0.000", CultureInfo.InvariantCulture).PadLeft(7);
        var name = $"{(int)step} {step.ToString().ToLowerInvariant(),-12}";
        return colours ? $"\e[2m{seconds} s\e[0m  \e[36m{name}\e[0m  {text}" : $"{seconds} s  {name}  {text}";
    }

    /// <summary>Colours are for people at a terminal who did not ask for none (no-color.org).</summary>
    public static bool WantsColours(bool isRedirected, string? noColor, string? terminal) => !isRedirected && string.IsNullOrEmpty(noColor) && terminal is not "dumb";

    private void Print(DateTimeOffset until)
    {
        lock (_gate)
        {
            var due = _held.Where(line => line.At <= until).OrderBy(line => line.At).ToList();
            _held.RemoveAll(line => line.At <= until);
            foreach (var (at, step, text) in due)
                output.WriteLine(Line(at - _began, step, text, colours));
        }
    }
}
