using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Relay;

/// <summary>
/// One session of a provider that reports no seconds, with its real grain, on a clock that stands still, between two ends that the
/// test holds. The database is away, so nothing becomes durable; what is looked at is the mark.
/// </summary>
internal sealed class ClockWorld : IUpstreamDialer, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly (WebSocket Ours, WebSocket Theirs) _client = FramePipe.Create();
    private readonly (WebSocket Ours, WebSocket Theirs) _upstream = FramePipe.Create();

    public ClockWorld(string provider = "own")
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["ConnectionStrings:Orchestrator"] = "Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1";
        builder.Configuration["MasterKey"] = Convert.ToBase64String(new byte[32]);
        // The first says nothing of seconds; the second might, and is not asked.
        foreach (var (name, dialect) in new[] { ("own", "livestyler"), ("silent", "decart") })
        {
            builder.Configuration[$"Providers:{name}:Endpoint"] = "ws://127.0.0.1:1/client";
            builder.Configuration[$"Providers:{name}:ApiKey"] = "sk_nobody";
            builder.Configuration[$"Providers:{name}:Dialect"] = dialect;
            builder.Configuration[$"Providers:{name}:Models:0"] = name;
        }

        builder.Configuration["Providers:silent:Version"] = "c";
        builder.AddGateway().AddInProcessHost();
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton<IUpstreamDialer>(this);
        _app = builder.Build();
        Time.Advance(TimeSpan.FromHours(1));
        Relay = NewRelay(provider);
    }

    public TestTimeProvider Time { get; } = new();

    public SessionRelay Relay { get; }

    /// <summary>The client's end.</summary>
    public WebSocket Client => _client.Theirs;

    /// <summary>The run that counts now; null when none does.</summary>
    public LiveGeneration? Run => Get<MarkBook>().Open.SingleOrDefault();

    /// <summary>The session is admitted, on that much credit if any, and its provider dialled.</summary>
    public async Task OpenAsync(long? authorisedMs = null)
    {
        Relay.Start(_client.Ours);
        Relay.Claimed(authorisedMs is { } ms ? new HoldTerms(ms, Blind: TimeSpan.Zero) : null);
        await Grain.ObserveAsync([new SessionEvent.Admitted()], CancellationToken.None);
        await SayAsync("""{"type":"auth_success"}""");
    }

    /// <inheritdoc/>
    public Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new DialOutcome(_upstream.Ours, default, Detail: null));

    /// <summary>The provider says that, and the client has heard it.</summary>
    public async Task SayAsync(string frame)
    {
        await _upstream.Theirs.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var heard = new byte[1024];
        var received = await _client.Theirs.ReceiveAsync(heard.AsMemory(), CancellationToken.None).AsTask().WaitAsync(Patience);
        Assert.Equal(frame, Encoding.UTF8.GetString(heard, 0, received.Count));
    }

    /// <summary>The same where the client hears it only once it has waited for the books; time passes from that moment on.</summary>
    public async Task SayLateAsync(string frame, Func<bool> since)
    {
        var saying = SayAsync(frame);
        await Eventually.IsAsync($"the relay has read {frame}", () => Task.FromResult(since()));
        while (!saying.IsCompleted)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await saying;
    }

    /// <summary>Waits until the grain has decided so.</summary>
    public Task IsAsync(SessionPhase phase) => Eventually.IsAsync($"the session is {phase}", () => Task.FromResult(Relay.State.Phase == phase));

    /// <summary>Time passes, and each half second the sweep looks.</summary>
    public void Pass(TimeSpan span)
    {
        for (var left = span; left > TimeSpan.Zero; left -= RelaySweep.Interval)
        {
            Time.Advance(left < RelaySweep.Interval ? left : RelaySweep.Interval);
            Relay.Sweep();
        }
    }

    /// <summary>Somebody ends the session.</summary>
    public Task AskToEndAsync(CloseCode code) => Grain.CloseAsync(code, CancellationToken.None);

    public Task ClientLeavesAsync() => _client.Theirs.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

    public Task ProviderLeavesAsync(int code) => _upstream.Theirs.CloseOutputAsync((WebSocketCloseStatus)code, null, CancellationToken.None);

    public void ProviderVanishes() => _upstream.Theirs.Abort();

    /// <summary>Waits until the provider is hung up on.</summary>
    public async Task HungUpAsync()
    {
        var scrap = new byte[1024];
        while ((await _upstream.Theirs.ReceiveAsync(scrap.AsMemory(), CancellationToken.None).AsTask().WaitAsync(Patience)).MessageType is not WebSocketMessageType.Close)
            continue;
    }

    /// <summary>The end takes its course, and as long as it likes; answers why it was.</summary>
    public async Task<CloseCode?> OverAsync()
    {
        await Eventually.IsAsync("the session is over", () => Task.FromResult(Relay.State.Phase is SessionPhase.Ended));
        using var patience = new CancellationTokenSource(Patience);
        while (!Relay.Completion.IsCompleted)
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"The relay did not let go; its session is {Relay.State}.");
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return Relay.State.Code;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    private ISessionGrain Grain => Get<IGrains>().Get<ISessionGrain>(Relay.Session.ToString());

    private SessionRelay NewRelay(string name)
    {
        var dialect = name is "own" ? "livestyler" : "decart";
        var request = new OpenSession([new TenantId(Guid.CreateVersion7(Time.GetUtcNow()))], Guid.Empty, name, name, dialect, [], null, null, null, null);
        Assert.True(Get<ProviderCatalog>().TryFind(dialect, name, out var provider), "there is no such provider");
        var relay = new SessionRelay(SessionId.New(Time.GetUtcNow()), request, new UpstreamRequest(provider, name, []), Get<RelayServices>());
        Get<SessionRegistry>().Add(relay);
        return relay;
    }
}
