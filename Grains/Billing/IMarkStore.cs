namespace Orchestrator.Grains.Billing;

/// <summary>Marks to be made durable: three columns of one length, sorted by id.</summary>
public sealed record MarkBatch(long[] Ids, int[] Epochs, long[] Milliseconds)
{
    /// <summary>How many.</summary>
    public int Count => Ids.Length;
}

/// <summary>What a flush found.</summary>
/// <param name="LeaseHeld">Whether the process is still the one its row says; false means that another declared it dead.</param>
/// <param name="Raised">How many of the marks met an open generation of their epoch.</param>
public readonly record struct FlushOutcome(bool LeaseHeld, int Raised);

/// <summary>
/// Where marks become durable and the lease is renewed, in one statement. Blocking on purpose: it is called from the one
/// thread that does nothing else, so a crowded pool cannot delay it. Any failure is an unknown outcome; repeating is safe.
/// </summary>
public interface IMarkStore
{
    /// <summary>Renews the lease of <paramref name="process"/> and raises every mark that is higher than the stored one.</summary>
    FlushOutcome Flush(long process, MarkBatch marks);

    /// <summary>Which of these generations another epoch has taken. One that is closed under its own epoch was not taken.</summary>
    IReadOnlySet<long> FindTaken(MarkBatch marks);
}
