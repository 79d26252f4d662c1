using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Benchmarks.Ledger;

/// <summary>A session as its relay keeps it, without the sockets: its meter, which its provider's ticks reach, and its hold.</summary>
internal sealed class LiveSession
{
    /// <summary>
    /// How much of its hold a session has left at least after a tick: enough for the second until the next one, so that it never
    /// ends for want of credit that it has only not been told of yet.
    /// </summary>
    private const long LeastLeftMs = 2_000;

    private readonly RelayMeter _meter;
    private long _seconds;

    private LiveSession(LedgerWorld world, SessionOwnership ownership, HoldTerms? hold, SessionClock clock)
    {
        var metrics = world.The<BillingMetrics>();
        Ownership = ownership;
        _meter = new RelayMeter(ownership, world.The<MarkBook>(), world.The<SessionJournal>(), metrics, clock);
        if (hold is not null)
            _meter.Hold = new SessionHold(ownership, hold, world.The<Settlements>(), metrics, clock, () => IsSpent = true);
    }

    /// <summary>Whose it is.</summary>
    public SessionOwnership Ownership { get; }

    /// <summary>Its run.</summary>
    public LiveGeneration Run => _meter.Open ?? throw new InvalidOperationException("The session generates nothing.");

    /// <summary>It was ended for want of credit, which no session here may be.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Whether the hold reaches for the next tick and some more; without one it always does.</summary>
    public bool MayTick => _meter.Hold is not { } hold || hold.AuthorisedMs - (_seconds + 1) * 1_000 >= LeastLeftMs;

    /// <summary>Claims sessions, for each customer in turn.</summary>
    public static async Task<IReadOnlyList<LiveSession>> ClaimAsync(LedgerWorld world, SessionClock clock, int count)
    {
        var claims = world.The<SessionClaims>();
        return await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            var customer = world.Customers[i % world.Customers.Count];
            var claim = new SessionClaim(SessionId.New(clock.GetUtcNow()), new OpenSession(
                customer.Path, customer.KeyId, "simulator", "sim-demo", "decart-a", Limits: [], MaxDuration: null, Metadata: null, "192.0.2.1", "bench"));
            var admission = await claims.ClaimAsync(claim);
            if (admission.Refused is { } refused)
                throw new InvalidOperationException($"A session was refused: {refused}.");
            return new LiveSession(world, new SessionOwnership(claim.Session, customer.Path[0]), admission.Hold, clock);
        }));
    }

    /// <summary>Its provider begins to generate.</summary>
    public void Start()
    {
        _meter.UpstreamOpened();
        _meter.Named(Ownership.Session.ToString());
        _meter.Started();
    }

    /// <summary>Its provider has generated one more second, and says so.</summary>
    public void Tick() => _meter.Ticked(++_seconds * 1_000);

    /// <summary>What it has generated.</summary>
    public long GeneratedMs => _seconds * 1_000;

    /// <summary>Asks for nothing more.</summary>
    public void Rest() => _meter.Hold?.Dispose();
}
