namespace Orchestrator.Grains.Sessions.Observing;

/// <summary>What all rings of the process may take together. Where it is spent a ring does not grow, and forgets sooner.</summary>
/// <param name="maxBytes">So many bytes.</param>
public sealed class RingBudget(long maxBytes)
{
    private long _taken;

    /// <summary>Bytes taken now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes so many bytes, or none.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= maxBytes)
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    /// <summary>Gives them back.</summary>
    public void Return(int bytes) => Interlocked.Add(ref _taken, -bytes);
}
