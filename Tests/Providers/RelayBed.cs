using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Providers;

/// <summary>
/// All that a gateway relays with, as it ships: relays, grains, meters, journal and flush. In the place of sockets are pairs
/// in memory whose far ends a test holds, and in the place of the database is one that takes everything. Sessions begin as
/// they are once they were admitted.
/// </summary>
internal sealed class RelayBed : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;
    private readonly SkippingTime _time = new();
    private readonly PairDialer _dialer = new();
    private readonly TakingStore _store = new();

    public RelayBed()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["ConnectionStrings:Orchestrator"] = "Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1";
        builder.Configuration["MasterKey"] = Convert.ToBase64String(new byte[32]);
        builder.Configuration["Relay:CloseTimeout"] = "00:00:10";
        builder.AddGateway().AddInProcessHost();
        builder.Logging.ClearProviders().AddProvider(Log).AddFilter(level => level >= LogLevel.Error);
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton<IUpstreamDialer>(_dialer);
        builder.Services.AddSingleton<IJournalStore>(_store);
        builder.Services.AddSingleton<IMarkStore>(_store);
        _app = builder.Build();
        Dialects = [.. _app.Services.GetServices<IDialect>()];
        Get<MarkFlusher>().Start();
    }

    /// <summary>Every dialect of the program.</summary>
    public IReadOnlyList<IDialect> Dialects { get; }

    /// <summary>What was logged as an error.</summary>
    public RecordedLog Log { get; } = new();

    /// <summary>The final mark of each run that was closed, by session.</summary>
    public IReadOnlyCollection<(SessionId Session, long MarkMs)> Runs => _store.Runs;

    /// <summary>What responses used, as it was written.</summary>
    public IReadOnlyCollection<TokensUsed> Tokens => _store.Tokens;

    /// <summary>The kinds of what was written on timelines, in order.</summary>
    public IReadOnlyCollection<string> Events => _store.Events;

    /// <summary>What was recorded to go against the policy of a session, in order.</summary>
    public IReadOnlyList<string> Violations(SessionId session) => _store.ViolationsOf(session);

    /// <summary>What sessions are written in.</summary>
    public SessionJournal Journal => Get<SessionJournal>();

    /// <summary>How many writes the database did not take.</summary>
    public int FailedWrites => _store.Failed;

    /// <summary>Whether the database takes nothing.</summary>
    public bool IsAway
    {
        set => _store.IsAway = value;
    }

    /// <summary>What is held of messages on their way, of rings, relays and runs; all zero when nothing is left of any session.</summary>
    public Holdings Held => new(Get<RelayServices>().Budget.Used, Get<RelayServices>().Rings.Taken, Get<SessionRegistry>().Count, Get<MarkBook>().OpenCount);

    /// <summary>Opens a session between two pairs of sockets; frames may be sent at both far ends when the task completes.</summary>
    public async Task<RelayedSession> OpenAsync(IDialect dialect, ISocketPairs pairs, IReadOnlyList<FramePolicy>? policies = null)
    {
        var now = _time.GetUtcNow();
        var session = SessionId.New(now);
        var tenant = new TenantId(Guid.CreateVersion7(now));
        var request = new OpenSession([tenant], Guid.CreateVersion7(now), "far", "model", dialect.Name, [], null, null, null, null)
        {
            Policies = policies,
        };
        var options = new ProviderOptions { Endpoint = new Uri("ws://127.0.0.1:1/"), ApiKey = new Secret("key_that_no_frame_holds"), Dialect = dialect.Name, Models = ["*"] };
        var upstream = new UpstreamRequest(new ProviderEntry("far", options, dialect), "model", []);
        var relay = new SessionRelay(session, request, upstream, Get<RelayServices>());
        var (client, atClient) = pairs.Accepted();
        var (dialled, atProvider) = pairs.Dialled();
        _dialer.Answer(upstream, dialled);

        Get<SessionRegistry>().Add(relay);
        relay.Start(client);
        relay.Claimed(hold: null);
        await Get<IGrains>().Get<ISessionGrain>(session.ToString()).ObserveAsync([new SessionEvent.Admitted()], CancellationToken.None);
        return new RelayedSession(relay, new FarEnd(atClient, $"client of {session}"), new FarEnd(atProvider, $"provider of {session}"));
    }

    /// <summary>Waits until nothing is left of any session; fails with what is. What stays readable for a moment after an end is given up at once.</summary>
    public async Task EmptiedAsync()
    {
        await Eventually.SeesAsync("no relay and no run is left", () => Task.FromResult(Held), held => held is { InFlightBytes: 0, Relays: 0, Runs: 0 }, Patience);
        _time.Skip(2 * SessionRegistry.Linger);
        Get<SessionRegistry>().ForgetRings();
        Assert.Equal(default, Held);
    }

    public async ValueTask DisposeAsync()
    {
        Get<MarkFlusher>().Stop(Patience);
        await _app.DisposeAsync();
    }

    private T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    private sealed class PairDialer : IUpstreamDialer
    {
        private readonly ConcurrentDictionary<UpstreamRequest, System.Net.WebSockets.WebSocket> _sockets = new(ReferenceEqualityComparer.Instance);

        public void Answer(UpstreamRequest request, System.Net.WebSockets.WebSocket socket) => _sockets[request] = socket;

        public Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken) =>
            Task.FromResult(new DialOutcome(_sockets.TryRemove(request, out var socket) ? socket : null, CloseCode.UpstreamUnavailable, Detail: null));
    }

    /// <summary>The real clock, whose elapsed time may leap.</summary>
    private sealed class SkippingTime : TimeProvider
    {
        private long _skipped;

        public void Skip(TimeSpan span) => Interlocked.Add(ref _skipped, (long)(span.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _skipped);
    }

    /// <summary>A database that takes whatever comes.</summary>
    private sealed class TakingStore : IJournalStore, IMarkStore
    {
        private readonly ConcurrentQueue<(SessionId, long)> _runs = new();
        private readonly ConcurrentQueue<TokensUsed> _tokens = new();
        private readonly ConcurrentQueue<string> _events = new();
        private readonly ConcurrentDictionary<SessionId, ConcurrentQueue<string>> _violations = new();
        private long _rows;
        private int _failed;

        public IReadOnlyCollection<(SessionId Session, long MarkMs)> Runs => _runs;

        public IReadOnlyCollection<TokensUsed> Tokens => _tokens;

        public IReadOnlyCollection<string> Events => _events;

        public int Failed => Volatile.Read(ref _failed);

        public bool IsAway { get; set; }

        public IReadOnlyList<string> ViolationsOf(SessionId session) => _violations.TryGetValue(session, out var recorded) ? [.. recorded] : [];

        public Task<IReadOnlyList<long?>> WriteAsync(long process, JournalBatch batch, CancellationToken cancellationToken)
        {
            if (IsAway)
            {
                Interlocked.Increment(ref _failed);
                throw new TimeoutException("The database is away.");
            }

            foreach (var used in batch.Tokens)
                _tokens.Enqueue(used);
            foreach (var happened in batch.Events)
            {
                _events.Enqueue(happened.Kind);
                if (happened.Kind == "policy_violation")
                    _violations.GetOrAdd(happened.Ownership.Session, _ => new ConcurrentQueue<string>()).Enqueue(happened.Detail!);
            }

            foreach (var closed in batch.Closed.Concat(batch.Ended.SelectMany(ended => ended.Runs)))
                _runs.Enqueue((closed.Ownership.Session, closed.Generation.MarkMs));
            return Task.FromResult<IReadOnlyList<long?>>([.. batch.Opened.Select(_ => (long?)Interlocked.Increment(ref _rows))]);
        }

        public bool IsPermanent(Exception exception) => false;

        public FlushOutcome Flush(long process, MarkBatch marks) => new(LeaseHeld: true, marks.Count);

        public IReadOnlySet<long> FindTaken(MarkBatch marks) => new HashSet<long>();
    }
}

/// <summary>What a process holds of its sessions.</summary>
/// <param name="InFlightBytes">Of messages being assembled, or waiting for a slow socket.</param>
/// <param name="RingBytes">Of the frames kept for observers.</param>
/// <param name="Relays">Sessions.</param>
/// <param name="Runs">Runs that still count.</param>
internal readonly record struct Holdings(long InFlightBytes, long RingBytes, int Relays, int Runs);
