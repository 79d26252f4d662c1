using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Domain.Processes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Processes;

/// <summary>
/// All that a gateway is made of, on a clock that stands still, with a database that nobody reaches and peers that say what a
/// test has them say. Nothing of it runs by itself.
/// </summary>
internal sealed class IdleGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    public IdleGateway()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["ConnectionStrings:Orchestrator"] = "Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1";
        builder.Configuration["MasterKey"] = Convert.ToBase64String(new byte[32]);
        builder.Configuration["Providers:simulator:Endpoint"] = "ws://127.0.0.1:1/v1/stream";
        builder.Configuration["Providers:simulator:ApiKey"] = "dct_nobody";
        builder.Configuration["Providers:simulator:Models:0"] = "test-*";
        builder.AddGateway().AddInProcessHost();
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton<IPeers>(Peers);
        builder.Services.AddSingleton<IProcessStore>(new Processes());
        _app = builder.Build();
        Time.Advance(TimeSpan.FromHours(1));
    }

    public TestTimeProvider Time { get; } = new();
    public FakePeers Peers { get; } = new();
    public ProcessLease Lease => Get<ProcessLease>();
    public IsolationWatch Watch => Get<IsolationWatch>();
    public Drain Drain => Get<Drain>();
    public SessionRegistry Sessions => Get<SessionRegistry>();

    /// <summary>A relay whose client says nothing and that has no row yet.</summary>
    public SessionRelay NewRelay(TimeSpan? maxDuration = null)
    {
        var session = SessionId.New(Time.GetUtcNow());
        var tenant = new TenantId(Guid.CreateVersion7(Time.GetUtcNow()));
        var request = new OpenSession([tenant], Guid.CreateVersion7(Time.GetUtcNow()), "simulator", "test-model", "decart", [], maxDuration, null, null, null);
        Assert.True(Get<ProviderCatalog>().TryFind("decart", "test-model", out var provider), "there is no provider for the test's model");
        var relay = new SessionRelay(session, request, new UpstreamRequest(provider, "test-model", []), Get<RelayServices>());
        Sessions.Add(relay);
        return relay;
    }

    /// <summary>The session's grain.</summary>
    public ISessionGrain GrainOf(SessionRelay relay) => Get<IGrains>().Get<ISessionGrain>(relay.Session.ToString());

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    private sealed class Processes : IProcessStore
    {
        public Task<long> RegisterAsync(string name, CancellationToken cancellationToken) => Task.FromResult(1L);
        public (long Process, IReadOnlyList<HeldSession> Sessions) Reclaim(long former, string name) => (former + 1, []);
        public Task RetireAsync(long process, CancellationToken cancellationToken) => Task.CompletedTask;
        public Task<IReadOnlyList<long>> DeclareDeadAsync(long caller, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<long>>([]);
        public Task<IReadOnlyList<ReapedSession>> ReapAsync(long caller, int limit, CallsOfLost calls, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ReapedSession>>([]);
        public Task<IReadOnlyList<LostUpstream>> FindLostAsync(long caller, IReadOnlyList<string> providers, int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<LostUpstream>>([]);
    }
}

/// <summary>Peers that say what a test has them say.</summary>
internal sealed class FakePeers : IPeers
{
    private int _asked;

    /// <summary>What they answer; by default nobody does.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<PeerRenewal>>> Answer { get; set; } = _ => Task.FromResult<IReadOnlyList<PeerRenewal>>([]);

    /// <summary>How often they were asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>One of them answers so, whenever it is asked.</summary>
    public void Say(TimeSpan since, TimeSpan? answeringFor) =>
        Answer = _ => Task.FromResult<IReadOnlyList<PeerRenewal>>([new PeerRenewal(since, answeringFor)]);

    public Task<IReadOnlyList<PeerRenewal>> AskAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return Answer(cancellationToken);
    }
}
