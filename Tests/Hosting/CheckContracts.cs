using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Tests.Hosting;

/// <summary>A message that travels.</summary>
public sealed record Note(string Words, int Number, IReadOnlyList<string> Tags);

/// <summary>Shows turns. Every call writes "in" and "out" with its name into the journal of its key.</summary>
[Grain]
public interface ITurnGrain
{
    /// <summary>Waits at the gate of that name.</summary>
    Task HoldAsync(string name);

    /// <summary>Gives its thread away a few times on the way.</summary>
    Task StepAsync(string name);

    /// <summary>Adds to a sum that this life of the grain keeps.</summary>
    Task<int> AddAsync(int amount);

    /// <summary>Answers what it was given.</summary>
    Task<Note> EchoAsync(Note note);

    /// <summary>Fails, before or after its first await.</summary>
    Task ThrowAsync(string words, bool atOnce);

    /// <summary>Does nothing but be served.</summary>
    Task ServeAsync(string name, CancellationToken cancellationToken);

    /// <summary>What the grain sees of the caller's ambient value; then it sets its own.</summary>
    Task<string?> AmbientAsync();
}

/// <summary>Shows lives and timers. The journal tells "born 1", "dying 1" and "died 1".</summary>
[Grain]
public interface ILifeGrain
{
    /// <summary>Which life of the grain it is.</summary>
    Task<int> TouchAsync();

    /// <summary>Waits at the gate of that name.</summary>
    Task HoldAsync(string name);

    /// <summary>Every turn writes the timer's name and its number, then waits at the gate of that name.</summary>
    Task StartTimerAsync(string name, TimeSpan due, TimeSpan period);

    /// <summary>Disposes the timer.</summary>
    Task StopTimerAsync(string name);

    /// <summary>Asks to stay.</summary>
    Task StayForAsync(TimeSpan span);

    /// <summary>Asks to end.</summary>
    Task EndAsync();
}

/// <summary>Calls others.</summary>
[Grain]
public interface ICallerGrain
{
    /// <summary>Adds to the sum of another grain.</summary>
    Task<int> AddToAsync(string key, int amount);

    /// <summary>Tells a listener and answers what it said, or "gone".</summary>
    Task<string> TellAsync(IListener listener, string words);

    /// <summary>Tells a listener many things at once.</summary>
    Task<IReadOnlyList<string>> TellAllAsync(IListener listener, IReadOnlyList<string> words);
}

/// <summary>Keeps a pump beside its turns.</summary>
[Grain]
public interface IPumpGrain
{
    /// <summary>Starts a pump that tells the listener, on no turn of the grain's.</summary>
    Task PumpAsync(IListener listener, string words);

    /// <summary>Writes a line.</summary>
    Task WriteAsync(string line);

    /// <summary>Asks to end.</summary>
    Task EndAsync();
}

/// <summary>Is called back.</summary>
[Callback]
public interface IListener
{
    /// <summary>Hears and answers.</summary>
    Task<string> HearAsync(string words);
}
