using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting;

namespace Orchestrator.Grains.Tenants;

/// <summary>What was found of a key.</summary>
/// <param name="Key">The key, or null.</param>
/// <param name="IsCertain">Whether one that was not found is known not to be there; false while the database does not answer.</param>
public readonly record struct KeyLookup(ApiKeyRecord? Key, bool IsCertain);

/// <summary>
/// This process's copy of all tenants, keys and prices, so that a connection is authenticated without asking the database,
/// and the database may be away. It is at most one refresh old; a key that it does not know makes it look at once.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing that needs disposing, and the directory lives as long as the process.")]
public sealed class TenantDirectory(ITenantStore store, TimeProvider time)
{
    /// <summary>How often changes are looked for. Less than half of the second in which a revocation must work.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>How often unknown keys may cause a look of their own.</summary>
    private static readonly TimeSpan MissInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>How long who holds an unknown key waits for that look.</summary>
    private static readonly TimeSpan MissTimeout = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<TenantId, Tenant> _tenants = new();
    private readonly ConcurrentDictionary<Guid, ApiKeyRecord> _keys = new();
    private readonly ConcurrentDictionary<string, Guid> _keysByHash = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<TenantId, ImmutableDictionary<long, PriceVersion>> _prices = new();
    private readonly ConcurrentDictionary<string, TenantHost> _hosts = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly Lock _gate = new();
    private Task? _nextLook;
    private ulong _snapshot;
    private long _version;
    private long _refreshedAt;
    private long _lookedAt;

    /// <summary>Grows with every change that was taken in.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Whether it was ever filled.</summary>
    public bool IsLoaded => Interlocked.Read(ref _refreshedAt) != 0;

    /// <summary>How long ago the database was last asked with success, or null before the first time.</summary>
    public TimeSpan? SinceRefresh => Interlocked.Read(ref _refreshedAt) is var at && at == 0 ? null : time.GetElapsedTime(at);

    /// <summary>Takes in what changed. One at a time.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken);
        try
        {
            var changes = await store.ReadChangesAsync(_snapshot, cancellationToken);
            var changed = changes.Tenants.Count(Take) + changes.Keys.Count(Take) + changes.Prices.Count(Take) + changes.Hosts.Count(Take);
            _snapshot = changes.Snapshot;
            if (changed > 0)
                Interlocked.Increment(ref _version);
            Interlocked.Exchange(ref _refreshedAt, time.GetTimestamp());
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>The key with this SHA-256, in hex; looks again when it is not known, but not for every guess.</summary>
    public async ValueTask<KeyLookup> FindKeyAsync(string sha256, CancellationToken cancellationToken)
    {
        var isCertain = _keysByHash.ContainsKey(sha256) || await LookAgainAsync(cancellationToken);
        return new(_keysByHash.TryGetValue(sha256, out var id) ? _keys.GetValueOrDefault(id) : null, isCertain);
    }

    /// <summary>The key with this id; looks again when it is not known, but not for every guess.</summary>
    public async ValueTask<KeyLookup> FindKeyAsync(Guid id, CancellationToken cancellationToken)
    {
        var isCertain = _keys.ContainsKey(id) || await LookAgainAsync(cancellationToken);
        return new(FindKey(id), isCertain);
    }

    /// <summary>The key with this id, if it is known.</summary>
    public ApiKeyRecord? FindKey(Guid id) => _keys.GetValueOrDefault(id);

    /// <summary>The tenant with this id.</summary>
    public Tenant? FindTenant(TenantId id) => _tenants.GetValueOrDefault(id);

    /// <summary>The tenants from the root down to this one.</summary>
    public IReadOnlyList<Tenant> PathOf(Tenant tenant) => [.. tenant.Path.Select(id => _tenants.GetValueOrDefault(id)).OfType<Tenant>()];

    /// <summary>What a tenant pays for a model now; a price for that very model goes before one for all.</summary>
    public PriceVersion? FindPrice(TenantId tenant, string model) => _prices.TryGetValue(tenant, out var prices)
        ? prices.Values.Where(price => price.Covers(model, time.GetUtcNow())).MaxBy(price => price.Model is null ? 0 : 1)
        : null;

    /// <summary>Whose address that is; null for one that is nobody's, and serves everybody.</summary>
    public Tenant? OwnerOf(string host) =>
        // Nearly always there is none, or the request is refused: the name is made comparable only where there is something to compare.
        !_hosts.IsEmpty && _hosts.TryGetValue(HostName.Normal(host), out var known) && !known.IsRemoved ? FindTenant(known.Tenant) : null;

    /// <summary>Why sessions of this path and key may not live, or null.</summary>
    public CloseCode? WhyRefused(IReadOnlyList<TenantId> path, Guid keyId) =>
        FindKey(keyId) is { IsRevoked: true } ? CloseCode.CredentialRevoked
        : path.Any(id => FindTenant(id) is { IsSuspended: true }) ? CloseCode.TenantSuspended
        : null;

    /// <summary>
    /// Waits for a look that begins after this call, which a key made before it shows in. All who wait share it, so a flood of
    /// guesses costs one query each interval and does not keep the regular refresh waiting.
    /// </summary>
    /// <returns>Whether the database answered.</returns>
    private async Task<bool> LookAgainAsync(CancellationToken cancellationToken)
    {
        Task look;
        lock (_gate)
            look = _nextLook ??= Background.RunAsync(LookAsync);
        try
        {
            await look.WaitAsync(MissTimeout, time, cancellationToken);
            return true;
        }
#pragma warning disable CA1031 // The copy serves while the database is away; what it does not know stays unknown.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            // A look that fails is the regular refresh's to report.
            return false;
        }
    }

    private async Task LookAsync()
    {
        try
        {
            if (MissInterval - time.GetElapsedTime(Interlocked.Read(ref _lookedAt)) is { Ticks: > 0 } rest)
                await Task.Delay(rest, time);
        }
        finally
        {
            // From here on a newcomer's key may be missed by this look, so the newcomer gets the next one.
            lock (_gate)
                _nextLook = null;
            Interlocked.Exchange(ref _lookedAt, time.GetTimestamp());
        }

        await RefreshAsync(CancellationToken.None);
    }

    // A row may be told twice, and then changes nothing.

    private bool Take(Tenant tenant)
    {
        var known = _tenants.GetValueOrDefault(tenant.Id);
        _tenants[tenant.Id] = tenant;
        return known is null || !(known with { Path = tenant.Path }).Equals(tenant);
    }

    private bool Take(ApiKeyRecord key)
    {
        var known = _keys.GetValueOrDefault(key.Id);
        _keys[key.Id] = key;
        _keysByHash[key.Sha256] = key.Id;
        return key != known;
    }

    private bool Take(TenantHost host)
    {
        var known = _hosts.GetValueOrDefault(host.Host);
        _hosts[host.Host] = host;
        return host != known;
    }

    private bool Take(PriceVersion price)
    {
        var known = _prices.GetValueOrDefault(price.Tenant, ImmutableDictionary<long, PriceVersion>.Empty);
        _prices[price.Tenant] = known.SetItem(price.Id, price);
        return known.GetValueOrDefault(price.Id) != price;
    }
}
