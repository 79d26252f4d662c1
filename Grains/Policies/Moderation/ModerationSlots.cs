using System.Diagnostics.CodeAnalysis;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Policies.Moderation;

/// <summary>
/// How many questions are under way, and how many bytes wait to be judged, of each tenant and of the process. A tenant whose webhook is
/// slow fills its own share and nobody else's.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphores hold nothing that needs disposing, and the slots live as long as the process.")]
internal sealed class ModerationSlots(ModerationOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, Share> _shares = [];
    private readonly SemaphoreSlim _all = new(options.Concurrency, options.Concurrency);
    private long _bytes;

    /// <summary>Bytes that wait or are being judged.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>A place to wait for so many bytes; null when there is no room for them.</summary>
    public Place? TryEnter(TenantId tenant, int bytes)
    {
        lock (_gate)
        {
            var share = _shares.GetValueOrDefault(tenant) ?? new Share(options.TenantConcurrency);
            if (share.Bytes + bytes > options.TenantBytes || _bytes + bytes > options.Bytes)
                return null;
            share.Bytes += bytes;
            share.Places++;
            _bytes += bytes;
            _shares[tenant] = share;
            return new Place(this, tenant, share, bytes);
        }
    }

    private void Leave(Place place)
    {
        lock (_gate)
        {
            place.Share.Bytes -= place.Bytes;
            _bytes -= place.Bytes;
            if (--place.Share.Places == 0)
                _shares.Remove(place.Tenant);
        }
    }

    /// <summary>What one tenant has taken.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing that needs disposing.")]
    internal sealed class Share(int concurrency)
    {
        public SemaphoreSlim Slots { get; } = new(concurrency, concurrency);
        public long Bytes { get; set; }
        public int Places { get; set; }
    }

    /// <summary>A place that is left when disposed.</summary>
    internal sealed class Place(ModerationSlots slots, TenantId tenant, Share share, int bytes) : IDisposable
    {
        private int _held;

        public TenantId Tenant => tenant;
        public Share Share => share;
        public int Bytes => bytes;

        /// <summary>Waits for a turn: first among its tenant's, so that those who wait long keep nobody else from theirs.</summary>
        public async Task WaitAsync(CancellationToken cancellationToken)
        {
            await share.Slots.WaitAsync(cancellationToken);
            _held = 1;
            await slots._all.WaitAsync(cancellationToken);
            _held = 2;
        }

        public void Dispose()
        {
            if (_held > 1)
                slots._all.Release();
            if (_held > 0)
                share.Slots.Release();
            slots.Leave(this);
        }
    }
}
