using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Grains.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Link;

/// <summary>How a gateway without grains finds a process that takes its client.</summary>
public sealed class LinkedDoorTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly AttachAnswer Elsewhere = new(IsAttached: false, Refused: null);

    private readonly LinkWorld _world = new();
    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<SessionId> _accepted = [];
    private readonly SocketPair _client;
    private readonly LinkedClients _door;

    public LinkedDoorTests()
    {
        _client = _world.NewSocket();
        _door = new LinkedClients(_world.Clients, new SessionMetrics(_metrics.GetRequiredService<IMeterFactory>()), _world.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _metrics.DisposeAsync();
    }

    [Fact]
    public async Task A_process_that_goes_away_is_passed_over_with_another_session_and_the_client_hears_the_last_one()
    {
        for (var i = 0; i < 4; i++)
            _world.Answers.Enqueue(Elsewhere);

        var serving = _door.ServeAsync(NewClient());
        await Eventually.IsAsync("a relay", () => Task.FromResult(_world.RelaySocket is not null && _accepted.Count > 0));
        _world.RelaySocket.Abort();
        await serving.WaitAsync(Patience);

        Assert.Equal((5, 5), (_world.Attaches.Count, _world.Attaches.Distinct().Count()));
        Assert.Equal(_world.Attaches[^1].Session, Assert.Single(_accepted).ToString());
        Assert.Equal(0, _door.Count);
    }

    [Fact]
    public async Task A_client_that_no_process_takes_is_told_to_come_back()
    {
        for (var i = 0; i < 5; i++)
            _world.Answers.Enqueue(Elsewhere);

        var serving = _door.ServeAsync(NewClient());

        await AssertToldAsync(CloseCode.ServerBusy);
        await serving.WaitAsync(Patience);
        Assert.Equal(5, _world.Attaches.Count);
    }

    [Fact]
    public async Task A_client_whose_attach_stays_without_an_answer_is_told_so()
    {
        _world.Answers.Enqueue(new TimeoutException("unknown"));
        _world.Answers.Enqueue(new TimeoutException("unknown again"));

        var serving = _door.ServeAsync(NewClient());

        await AssertToldAsync(CloseCode.InternalError);
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_client_that_may_no_more_when_it_is_attached_is_ended_by_its_session()
    {
        var serving = _door.ServeAsync(NewClient() with { WhyGone = () => CloseCode.CredentialRevoked });
        await Eventually.IsAsync("the session is asked to end", () => Task.FromResult(_world.Closes.Count > 0));
        _world.RelaySocket.Abort();
        await serving.WaitAsync(Patience);

        Assert.Equal([CloseCode.CredentialRevoked], _world.Closes);
    }

    private WelcomeClient NewClient() => new(
        LinkWorld.Request,
        new ProviderEntry("simulator", new ProviderOptions { Endpoint = new Uri("ws://localhost"), ApiKey = new Secret("dct_x") }, new DecartDialect()),
        Query: [],
        AcceptAsync: session =>
        {
            _accepted.Add(session);
            return Task.FromResult(_client.Ours);
        },
        ClaimRefused: () => { },
        WhyGone: () => null)
    {
        Source = new Source("127.0.0.1", "none"),
    };

    private async Task AssertToldAsync(CloseCode code)
    {
        var words = await _client.ReadAsync();
        Assert.Contains(code.Entry().Reason, Encoding.UTF8.GetString(words!.Value.Payload), StringComparison.Ordinal);
        Assert.Null(await _client.ReadAsync());
        Assert.Equal(code.Entry().Wire, (int?)_client.Theirs.CloseStatus);
        await _client.Theirs.CloseOutputAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }
}
