using System.Collections.Concurrent;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Policies;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Gateway.Policies;

/// <summary>
/// What counts for a session by the policies of its tenant, of all above it, and of its token. The start of a session waits for no
/// grain while what is known is at most <see cref="Usable"/> old; past <see cref="Fresh"/> it is read again beside. So a change counts
/// for the sessions that begin that much later, in every process.
/// </summary>
internal sealed class PoliciesOfPath(IGrains grains, TimeProvider time)
{
    /// <summary>How old what is known may be before it is read again.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    /// <summary>How old it may be to count.</summary>
    public static readonly TimeSpan Usable = TimeSpan.FromSeconds(2);

    /// <summary>More tenants than this are not remembered at once.</summary>
    private const int MaxKnown = 20_000;

    private readonly ConcurrentDictionary<TenantId, Known> _known = new();
    private readonly ConcurrentDictionary<(TenantId, string), (IReadOnlyList<StandingPolicies> Of, IReadOnlyList<FramePolicy> Policies)> _lists = new();

    /// <summary>The grain of one tenant's policies.</summary>
    public ITenantPolicyGrain Of(TenantId tenant) => grains.Get<ITenantPolicyGrain>(tenant.ToString());

    /// <summary>Forgets what is known of a tenant; for who has changed it.</summary>
    public void Forget(TenantId tenant) => _known.TryRemove(tenant, out _);

    /// <summary>Whether a policy of that name is there for tokens of the last of the path.</summary>
    public async Task<bool> IsNamedAsync(IReadOnlyList<TenantId> path, string name, CancellationToken cancellationToken) =>
        Named(await ReadAsync(path, cancellationToken), name) is not null;

    /// <summary>
    /// The session as it may be opened, with the policies that count for it; null where its token names a policy that there is no more.
    /// Throws <see cref="DocumentUnavailableException"/> or <see cref="TimeoutException"/> where nobody can be asked.
    /// </summary>
    public async ValueTask<OpenSession?> ApplyAsync(OpenSession session, CancellationToken cancellationToken)
    {
        var standing = await ReadAsync(session.Path, cancellationToken);
        var named = session.TokenPolicy?.Name is { } name ? Named(standing, name) : null;
        if (named is null && session.TokenPolicy?.Name is not null)
            return null;

        var policies = session.TokenPolicy?.Policy is { } own
            ? [.. ListOf(standing, named), own]
            : Shared(session.Tenant, session.TokenPolicy?.Name ?? "", standing, named);
        return policies.Count == 0 ? session : session with { Policies = policies };
    }

    /// <summary>One list for all sessions that begin with the same versions, so that what is made of it is made once.</summary>
    private IReadOnlyList<FramePolicy> Shared(TenantId tenant, string name, IReadOnlyList<StandingPolicies> standing, FramePolicy? named)
    {
        if (_lists.TryGetValue((tenant, name), out var known) && known.Of.SequenceEqual(standing, ReferenceEqualityComparer.Instance))
            return known.Policies;
        if (_lists.Count > MaxKnown)
            _lists.Clear();
        var policies = ListOf(standing, named);
        _lists[(tenant, name)] = (standing, policies);
        return policies;
    }

    private static IReadOnlyList<FramePolicy> ListOf(IReadOnlyList<StandingPolicies> standing, FramePolicy? named) =>
        [.. standing.Select(one => one.Policies?.Policy).Append(named).OfType<FramePolicy>()];

    /// <summary>The policies of a path from its root down, without any token's.</summary>
    public async Task<IReadOnlyList<StandingPolicies>> ReadAsync(IReadOnlyList<TenantId> path, CancellationToken cancellationToken)
    {
        var standing = new StandingPolicies[path.Count];
        List<(int Place, Task<StandingPolicies> Reading)> missing = [];
        for (var i = 0; i < path.Count; i++)
        {
            var known = _known.GetOrAdd(path[i], _ => new Known(time));
            if (known.Find(Of(path[i]), out var reading) is { } found)
                standing[i] = found;
            else
                missing.Add((i, reading!));
        }

        if (_known.Count > MaxKnown)
            _known.Clear();
        foreach (var (place, reading) in missing)
            standing[place] = await reading.WaitAsync(cancellationToken);
        return standing;
    }

    private static FramePolicy? Named(IReadOnlyList<StandingPolicies> standing, string name) =>
        standing.Reverse().Select(one => one.Policies?.Named.FirstOrDefault(named => named.Name == name)?.Policy).FirstOrDefault(policy => policy is not null);

    /// <summary>What is known of one tenant, and who is just asking.</summary>
    private sealed class Known(TimeProvider time)
    {
        private readonly Lock _gate = new();
        private StandingPolicies? _standing;
        private long _readAt;
        private Task<StandingPolicies>? _reading;

        /// <summary>What is known, where it may count; else the question that is under way, which all who come meanwhile share.</summary>
        public StandingPolicies? Find(ITenantPolicyGrain grain, out Task<StandingPolicies>? reading)
        {
            lock (_gate)
            {
                var age = _standing is null ? TimeSpan.MaxValue : time.GetElapsedTime(_readAt);
                if (age > Fresh && _reading is null or { IsCompleted: true })
                    _reading = age > Fresh ? ReadAsync(grain, time.GetTimestamp()) : null;
                reading = _reading;
                return age <= Usable ? _standing : null;
            }
        }

        private async Task<StandingPolicies> ReadAsync(ITenantPolicyGrain grain, long at)
        {
            // The lock is held by who asks; the answer takes it anew.
            await Task.Yield();
            var read = await grain.GetAsync(CancellationToken.None);
            lock (_gate)
            {
                // The same version is the same object, for whoever keeps what follows from it.
                if (_standing?.ETag != read.ETag || _standing is null)
                    _standing = read;
                _readAt = at;
                return _standing;
            }
        }
    }
}
