using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>
/// What every grain relies on, whatever host runs it. A host passes when it serves the grains of CheckGrains.cs and a subclass
/// answers the members below. Checks use keys of their own, so they may share a host; only what all hosts promise stands here.
/// </summary>
public abstract partial class GrainChecks
{
    private static int _keys;

    /// <summary>The host under check.</summary>
    protected abstract IGrains Grains { get; }

    /// <summary>The journals that its grains write.</summary>
    protected abstract Journals Journals { get; }

    /// <summary>Lets that much time pass for the timers of its grains.</summary>
    protected abstract Task PassTimeAsync(TimeSpan span);

    /// <summary>Lets time pass without a call, long enough for what is idle to be ended, until that has happened.</summary>
    protected abstract Task IdleUntilAsync(Task happened);

    /// <summary>A key that nobody has used, and its journal.</summary>
    protected (string Key, Journal Journal) NewKey()
    {
        var key = $"{GetType().Name}-{Interlocked.Increment(ref _keys)}";
        return (key, Journals.Of(key));
    }

    /// <summary>Hears, writes "in" and "out" into its journal, and answers what it heard in capitals.</summary>
    private sealed class Listener(Journal journal) : IListener
    {
        public async Task<string> HearAsync(string words)
        {
            journal.Write($"{words} in");
            await journal.PassAsync(words);
            journal.FailIfAsked(words);
            await Task.Yield();
            journal.Write($"{words} out");
            return words.ToUpperInvariant();
        }
    }
}
