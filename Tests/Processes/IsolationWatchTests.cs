using Orchestrator.Domain.Processes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Processes;

public sealed class IsolationWatchTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);
    private static readonly TimeSpan JustNow = TimeSpan.FromMilliseconds(300);

    private readonly IdleGateway _gateway = new();
    private SessionRelay _relay = null!;

    public async Task InitializeAsync()
    {
        await _gateway.Lease.RegisterAsync(CancellationToken.None);
        _relay = _gateway.NewRelay();
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    [Fact]
    public async Task A_process_that_alone_cannot_renew_ends_its_sessions_five_seconds_after_its_last_renewal_began()
    {
        _gateway.Peers.Say(JustNow, Long);

        await LookForAsync(TimeSpan.FromSeconds(4.9));
        Assert.Null(_relay.State.Code);
        await LookForAsync(TimeSpan.FromSeconds(0.2));

        await Eventually.IsAsync("the session ended", () => Task.FromResult(_relay.State.Code is CloseCode.ProcessIsolated));
        Assert.Equal(CloseAdvice.ComeBack, CloseCode.ProcessIsolated.Entry().Advice);
    }

    [Fact]
    public async Task While_the_database_is_away_for_everybody_who_can_be_asked_sessions_go_on()
    {
        _gateway.Peers.Say(TimeSpan.FromSeconds(30), answeringFor: null);

        await LookForAsync(TimeSpan.FromMinutes(1));

        Assert.True(_gateway.Peers.Asked > 100);
        Assert.Null(_relay.State.Code);
    }

    [Fact]
    public async Task A_process_that_is_alone_keeps_its_sessions()
    {
        await LookForAsync(TimeSpan.FromMinutes(1));

        Assert.Null(_relay.State.Code);
    }

    [Fact]
    public async Task Nobody_is_asked_while_renewals_are_good()
    {
        _gateway.Peers.Say(JustNow, Long);

        for (var flushes = 0; flushes < 60; flushes++)
        {
            await LookForAsync(TimeSpan.FromSeconds(0.5));
            Renew();
        }

        Assert.Equal(0, _gateway.Peers.Asked);
    }

    [Fact]
    public async Task A_process_that_was_frozen_renews_before_it_judges()
    {
        _gateway.Peers.Say(JustNow, Long);
        await LookForAsync(TimeSpan.FromSeconds(1));

        _gateway.Time.Advance(TimeSpan.FromMinutes(1));
        await LookForAsync(TimeSpan.FromSeconds(1.5));
        Assert.Equal(0, _gateway.Peers.Asked);
        Renew();
        await LookForAsync(TimeSpan.FromSeconds(4));

        Assert.Null(_relay.State.Code);
    }

    [Fact]
    public async Task A_process_that_was_frozen_and_cannot_renew_lets_go_all_the_same()
    {
        _gateway.Peers.Say(JustNow, Long);

        _gateway.Time.Advance(TimeSpan.FromMinutes(1));
        await LookForAsync(TimeSpan.FromSeconds(2.5));

        await Eventually.IsAsync("the session ended", () => Task.FromResult(_relay.State.Code is CloseCode.ProcessIsolated));
    }

    [Fact]
    public async Task A_renewal_that_succeeds_while_peers_are_asked_counts()
    {
        _gateway.Peers.Answer = _ =>
        {
            Renew();
            return Task.FromResult<IReadOnlyList<PeerRenewal>>([new PeerRenewal(JustNow, Long)]);
        };

        await LookForAsync(TimeSpan.FromSeconds(30));

        Assert.NotEqual(0, _gateway.Peers.Asked);
        Assert.Null(_relay.State.Code);
    }

    [Fact]
    public async Task Peers_that_fail_or_hang_have_not_answered_and_keep_nobody()
    {
        _gateway.Peers.Answer = _ => throw new InvalidOperationException("They cannot be asked.");
        await LookForAsync(TimeSpan.FromSeconds(6));
        _gateway.Peers.Answer = _ => new TaskCompletionSource<IReadOnlyList<PeerRenewal>>().Task;

        var look = _gateway.Watch.LookAsync(CancellationToken.None);
        Assert.False(look.IsCompleted);
        _gateway.Time.Advance(TimeSpan.FromSeconds(1));

        await look.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Null(_relay.State.Code);
    }

    [Fact]
    public async Task A_process_without_a_lease_has_nothing_to_tell_and_one_with_it_tells_of_its_last_renewal()
    {
        await using var gateway = new IdleGateway();
        _gateway.Time.Advance(JustNow);

        Assert.Null(gateway.Lease.Renewal);
        Assert.Equal(new PeerRenewal(JustNow, JustNow), _gateway.Lease.Renewal);
        _gateway.Lease.Missed();
        Assert.Equal(new PeerRenewal(JustNow, AnsweringFor: null), _gateway.Lease.Renewal);
    }

    [Fact]
    public async Task A_session_that_reaches_a_draining_process_is_refused_before_anything_is_claimed()
    {
        _gateway.Drain.Begin();

        var refused = await _gateway.GrainOf(_relay).OpenAsync(_relay.Request, CancellationToken.None);

        // The database is nowhere: had it been asked, storage would be unavailable.
        Assert.Equal(CloseCode.ServerShutdown, refused);
        Assert.False(_relay.IsClaimed);
        Assert.Equal(CloseCode.ServerShutdown, _relay.State.Code);
    }

    /// <summary>Moves the clock on, with a look as often as the process makes one.</summary>
    private async Task LookForAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += IsolationWatch.Interval)
        {
            _gateway.Time.Advance(IsolationWatch.Interval);
            await _gateway.Watch.LookAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        }
    }

    private void Renew()
    {
        _gateway.Lease.Answered();
        _gateway.Lease.Renewed(_gateway.Time.GetTimestamp());
    }
}
