using System.Globalization;

namespace Orchestrator.Simulator.Oracles;

/// <summary>
/// What one connection was sent, and when. It holds the newest entries up to a bound; what it let go still counts in
/// <see cref="MaxMilliseconds"/> and <see cref="TickCount"/>. Safe for any thread.
/// </summary>
public sealed class SessionTruth
{
    private readonly Lock _lock = new();
    private readonly Queue<Fact> _facts = [];
    private readonly TimeProvider _time;
    private readonly int _limit;

    private (long Count, long MaxMs, Fact Last) _forgotten;
    private long _maxMs;
    private long _ticks;
    private long? _answeredTimestamp;
    private long? _endedTimestamp;

    internal SessionTruth(string providerSessionId, string model, IReadOnlyDictionary<string, string> query, int limit, TimeProvider time)
    {
        ProviderSessionId = providerSessionId;
        Model = model;
        Query = query;
        OpenedAt = time.GetUtcNow();
        _limit = limit;
        _time = time;
    }

    /// <summary>The provider's name of the session, unique among all runs of simulators.</summary>
    public string ProviderSessionId { get; }

    /// <summary>The model that was asked for; empty when none was.</summary>
    public string Model { get; }

    /// <summary>The query's parameters without the key.</summary>
    public IReadOnlyDictionary<string, string> Query { get; }

    /// <summary>Wall clock of the connection's beginning.</summary>
    public DateTimeOffset OpenedAt { get; }

    /// <summary>The connection has not ended.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>The entries still held, oldest first.</summary>
    public IReadOnlyList<TruthEntry> Entries => Read(() => _facts.Select(fact => fact.ToEntry()).ToArray());

    /// <summary>The ticks still held, oldest first.</summary>
    public IReadOnlyList<TruthEntry> Ticks =>
        Read(() => _facts.Where(fact => fact.Kind is TruthKind.Tick).Select(fact => fact.ToEntry()).ToArray());

    /// <summary>The last tick sent, or null.</summary>
    public TruthEntry? LastTick => Ticks is [.., var last] ? last : null;

    /// <summary>How many ticks were sent in all.</summary>
    public long TickCount => Read(() => _ticks);

    /// <summary>The largest count sent in a tick or an end, in milliseconds; 0 when none was.</summary>
    public long MaxMilliseconds => Read(() => _maxMs);

    /// <summary>
    /// Milliseconds from the answer to the end, by the clock that never steps: what a provider that does not count was used
    /// for. Null while it is not both answered and over.
    /// </summary>
    public long? SpanMilliseconds => Read<long?>(() =>
        _answeredTimestamp is { } from && _endedTimestamp is { } to ? (long)_time.GetElapsedTime(from, to).TotalMilliseconds : null);

    /// <summary>How many entries were let go.</summary>
    public long Forgotten => Read(() => _forgotten.Count);

    /// <summary>
    /// The largest count, in milliseconds, whose sending was complete at or before <paramref name="instant"/>; 0 when none
    /// was. Null when entries from after that instant were let go, so that nobody knows any more.
    /// </summary>
    public long? MaxMillisecondsSentBefore(DateTimeOffset instant) => MaxWhere(fact => fact.UtcTicks <= instant.UtcTicks);

    /// <summary>The same for an instant of the clock that never steps, which is one for all processes of a Linux machine.</summary>
    public long? MaxMillisecondsSentBefore(long timestamp) => MaxWhere(fact => fact.Timestamp <= timestamp);

    internal void Add(TruthKind kind, long? milliseconds = null, string? text = null, int? code = null)
    {
        // A tick of whole seconds is told by its milliseconds: a thousand sessions keep a thousand strings a second less.
        if (kind is TruthKind.Tick && milliseconds is { } ms && text == WholeSeconds(ms))
            text = null;

        lock (_lock)
        {
            // Both clocks are read inside the lock: entries stand in the order of their instants.
            _facts.Enqueue(new(kind, code ?? -1, milliseconds ?? -1, text, _time.GetUtcNow().UtcTicks, _time.GetTimestamp()));
            _maxMs = Math.Max(_maxMs, milliseconds ?? 0);
            _ticks += kind is TruthKind.Tick ? 1 : 0;
            if (_facts.Count <= _limit)
                return;

            var gone = _facts.Dequeue();
            _forgotten = (_forgotten.Count + 1, Math.Max(_forgotten.MaxMs, gone.Milliseconds), gone);
        }
    }

    /// <summary>The answer went out: media may flow from now on. The first one counts.</summary>
    internal void Answered()
    {
        lock (_lock)
            _answeredTimestamp ??= _time.GetTimestamp();
    }

    /// <summary>Nothing is generated any more: either side closed, or the connection is gone. The first call counts.</summary>
    internal void Over()
    {
        lock (_lock)
            _endedTimestamp ??= _time.GetTimestamp();
    }

    internal void End()
    {
        Over();
        IsOpen = false;
    }

    private long? MaxWhere(Func<Fact, bool> sentInTime) => Read<long?>(() =>
        _forgotten.Count > 0 && !sentInTime(_forgotten.Last)
            ? null
            : _facts.Where(sentInTime).Select(fact => fact.Milliseconds).Append(_forgotten.MaxMs).Max());

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }

    private static string WholeSeconds(long milliseconds) => (milliseconds / 1000).ToString(CultureInfo.InvariantCulture);

    /// <summary>An entry as it is kept: 48 bytes, -1 for what is missing.</summary>
    private readonly record struct Fact(TruthKind Kind, int Code, long Milliseconds, string? Text, long UtcTicks, long Timestamp)
    {
        public TruthEntry ToEntry() => new(
            Kind,
            Milliseconds < 0 ? null : Milliseconds,
            Kind is TruthKind.Tick && Text is null && Milliseconds >= 0 ? WholeSeconds(Milliseconds) : Text,
            Code < 0 ? null : Code,
            new DateTimeOffset(UtcTicks, TimeSpan.Zero),
            Timestamp);
    }
}
