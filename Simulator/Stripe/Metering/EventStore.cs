using System.Text;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary>A meter event as it is kept: 72 bytes, names by number.</summary>
internal struct StoredEvent
{
    public int Account, EventName, Customer;
    public long IdentifierAt;
    public ushort IdentifierLength;
    public bool Cancelled;
    public int Failure;
    public decimal Value;
    public long Timestamp, ReceivedTicks;

    /// <summary>It shall be billed: neither cancelled nor failed.</summary>
    public readonly bool Counts => !Cancelled && Failure == 0;
}

/// <summary>
/// Every accepted event, millions of them: identifiers as bytes in slabs, no object per event. Its owner's lock guards it.
/// </summary>
internal sealed class EventStore
{
    private const int ChunkSize = 4_096;
    private const int SlabSize = 64 * 1024;

    private readonly List<StoredEvent[]> _chunks = [];
    private readonly List<byte[]> _slabs = [];
    private readonly Dictionary<int, HashSet<int>> _identifiers = [];
    private readonly Dictionary<(int Account, int EventName, int Customer), List<int>> _lanes = [];
    private int _slabUsed = SlabSize;

    public int Count { get; private set; }

    /// <summary>Account, event name, customer of every event, each with its events in the order of receipt.</summary>
    public IReadOnlyDictionary<(int Account, int EventName, int Customer), List<int>> Lanes => _lanes;

    public ref StoredEvent this[int index] => ref _chunks[index / ChunkSize][index % ChunkSize];

    public string IdentifierOf(int index) => Encoding.UTF8.GetString(Bytes(index));

    /// <summary>The newest event of that account with that identifier.</summary>
    public int? Find(int account, string identifier) =>
        _identifiers.TryGetValue(account, out var known) && Lookup(known).TryGetValue(Encoding.UTF8.GetBytes(identifier), out var index) ? index : null;

    /// <summary>Keeps one; from now on the identifier means this event.</summary>
    public int Add(StoredEvent stored, string identifier)
    {
        var bytes = Encoding.UTF8.GetBytes(identifier);
        (stored.IdentifierAt, stored.IdentifierLength) = (Keep(bytes), (ushort)bytes.Length);
        if (Count % ChunkSize == 0)
            _chunks.Add(new StoredEvent[ChunkSize]);

        var index = Count++;
        this[index] = stored;
        Identifiers(stored.Account, bytes).Add(index);
        Lane((stored.Account, stored.EventName, stored.Customer)).Add(index);
        return index;
    }

    private HashSet<int> Identifiers(int account, byte[] bytes)
    {
        if (!_identifiers.TryGetValue(account, out var known))
            _identifiers.Add(account, known = new(new ByIdentifier(this)));
        Lookup(known).Remove(bytes);
        return known;
    }

    private List<int> Lane((int, int, int) lane)
    {
        if (!_lanes.TryGetValue(lane, out var events))
            _lanes.Add(lane, events = []);
        return events;
    }

    private long Keep(byte[] bytes)
    {
        if (_slabUsed + bytes.Length > SlabSize)
        {
            _slabs.Add(new byte[SlabSize]);
            _slabUsed = 0;
        }

        bytes.CopyTo(_slabs[^1], _slabUsed);
        var at = ((long)(_slabs.Count - 1) * SlabSize) + _slabUsed;
        _slabUsed += bytes.Length;
        return at;
    }

    private ReadOnlySpan<byte> Bytes(int index)
    {
        ref var stored = ref this[index];
        return _slabs[(int)(stored.IdentifierAt / SlabSize)].AsSpan((int)(stored.IdentifierAt % SlabSize), stored.IdentifierLength);
    }

    private static HashSet<int>.AlternateLookup<ReadOnlySpan<byte>> Lookup(HashSet<int> known) => known.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Two events are the same when their identifiers are; so the set needs no copy of them.</summary>
    private sealed class ByIdentifier(EventStore store) : IEqualityComparer<int>, IAlternateEqualityComparer<ReadOnlySpan<byte>, int>
    {
        public bool Equals(int x, int y) => store.Bytes(x).SequenceEqual(store.Bytes(y));

        public int GetHashCode(int obj) => GetHashCode(store.Bytes(obj));

        public bool Equals(ReadOnlySpan<byte> alternate, int other) => alternate.SequenceEqual(store.Bytes(other));

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public int Create(ReadOnlySpan<byte> alternate) => throw new NotSupportedException("An identifier alone is no event.");
    }
}
