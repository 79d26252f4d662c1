namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>What an idempotency key says about a request.</summary>
internal enum KeyState
{
    /// <summary>Nothing: carry it out.</summary>
    Fresh,
    /// <summary>It was carried out: give the same answer.</summary>
    Known,
    /// <summary>It is being carried out.</summary>
    Busy,
    /// <summary>It was used for another request.</summary>
    Misused,
}

/// <summary>
/// Answers by idempotency key: kept 24 hours in v1, errors included; 30 days in v2, where failed work is really tried again.
/// Its owner's lock guards it.
/// </summary>
internal sealed class IdempotencyBook(int limit, StripeClock clock)
{
    private static readonly TimeSpan V1Window = TimeSpan.FromHours(24);
    private static readonly TimeSpan V2Window = TimeSpan.FromDays(30);

    private readonly Dictionary<(int Account, string Key), Entry> _entries = [];
    private readonly Queue<((int Account, string Key) At, Entry Entry)> _stored = [];

    /// <summary>How many were let go before their time.</summary>
    public long Forgotten { get; private set; }

    /// <summary>What the key says; one that says nothing is busy from now on.</summary>
    public (KeyState State, StripeAnswer? Answer) Begin(int account, string key, string fingerprint)
    {
        if (_entries.TryGetValue((account, key), out var entry) && entry.ExpiresAt > clock.Now)
            return entry.Fingerprint != fingerprint ? (KeyState.Misused, null)
                : entry.Answer is { } answer ? (KeyState.Known, answer)
                : (KeyState.Busy, null);

        _entries[(account, key)] = new(fingerprint);
        return (KeyState.Fresh, null);
    }

    /// <summary>Ends what <see cref="Begin"/> began; without an answer the key is as good as new.</summary>
    public void End(int account, string key, StripeAnswer? answer, bool v2)
    {
        var entry = _entries[(account, key)];
        if (answer is not { Executed: true } || (v2 && answer.Status != 200))
        {
            _entries.Remove((account, key));
            return;
        }

        (entry.Answer, entry.ExpiresAt) = (answer, clock.Now + (v2 ? V2Window : V1Window));
        _stored.Enqueue(((account, key), entry));
        if (_stored.Count <= limit)
            return;

        var (at, oldest) = _stored.Dequeue();
        if (_entries.GetValueOrDefault(at) != oldest)
            return;
        _entries.Remove(at);
        Forgotten += oldest.ExpiresAt > clock.Now ? 1 : 0;
    }

    private sealed class Entry(string fingerprint)
    {
        public string Fingerprint { get; } = fingerprint;
        public StripeAnswer? Answer { get; set; }
        public DateTimeOffset ExpiresAt { get; set; } = DateTimeOffset.MaxValue;
    }
}
