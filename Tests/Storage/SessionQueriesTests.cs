using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class SessionQueriesTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly SessionQueries _queries = new(database.Database);
    private Customer _reseller = null!;
    private Customer _customer = null!;
    private Customer _sibling = null!;
    private Customer _stranger = null!;
    private long _process;

    public async Task InitializeAsync()
    {
        (_reseller, _stranger) = (await database.AddCustomerAsync(), await database.AddCustomerAsync());
        (_customer, _sibling) = (await database.AddCustomerAsync(_reseller), await database.AddCustomerAsync(_reseller));
        _process = await database.AddProcessAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_tenant_sees_its_own_sessions_and_those_below_it_and_no_others()
    {
        var (above, mine, beside) = (
            await database.AddSessionAsync(_process, _reseller), await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _sibling));
        SessionOwnership[] all = [above, mine, beside];

        foreach (var (viewer, seen) in new (Customer, SessionOwnership[])[] { (_reseller, all), (_customer, [mine]), (_sibling, [beside]), (_stranger, []) })
        {
            Assert.Equal(Ids(seen).OrderDescending(), (await ListAsync(viewer)).Select(row => row.Id.Value));
            foreach (var session in all)
                Assert.Equal(seen.Contains(session), await _queries.FindAsync(viewer.Id, session.Session, CancellationToken.None) is not null);
        }
    }

    [Fact]
    public async Task Pages_go_from_the_newest_on_and_leave_none_out()
    {
        var sessions = new List<SessionOwnership>();
        for (var i = 0; i < 7; i++)
            sessions.Add(await database.AddSessionAsync(_process, i % 2 == 0 ? _customer : _sibling));

        var pages = new List<IReadOnlyList<SessionRow>>();
        SessionId? before = null;
        while (await _queries.ListAsync(_reseller.Id, liveOnly: false, before, limit: 3, CancellationToken.None) is { Count: > 0 } page)
        {
            pages.Add(page);
            before = page[^1].Id;
            // One that is opened meanwhile is on no page after the first.
            await database.AddSessionAsync(_process, _customer);
        }

        Assert.Equal([3, 3, 1], pages.Select(page => page.Count));
        Assert.Equal(Ids(sessions).OrderDescending(), pages.SelectMany(page => page).Select(row => row.Id.Value));
    }

    [Fact]
    public async Task Live_ones_can_be_asked_for_alone()
    {
        var (live, ended) = (await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _customer));
        await database.JournalAsync(_process, BuildSessions.EndOf(ended, CloseCode.EndedByTenant));

        Assert.Equal([live.Session], (await _queries.ListAsync(_customer.Id, liveOnly: true, before: null, limit: 10, CancellationToken.None)).Select(row => row.Id));
        Assert.Equal(2, (await ListAsync(_customer)).Count);
        var row = (await _queries.FindAsync(_customer.Id, ended.Session, CancellationToken.None))!;
        Assert.Equal(("ended", CloseCode.EndedByTenant), (row.Phase, row.CloseCode));
        Assert.NotNull(row.EndedAt);
    }

    [Fact]
    public async Task Seconds_and_charge_are_those_of_the_runs_while_it_lives_and_afterwards()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        using (var marks = new MarkStore(database.Database))
            marks.Flush(_process, new MarkBatch([run.Id!.Value], [1], [2_500]));
        await database.SettleAsync(run);

        var live = Assert.Single(await GenerationsAsync(run.Ownership));
        Assert.Equal(2_500, (await ListAsync(_customer)).Single().GeneratedMs);
        Assert.Equal((1, 2_500, 2_499, "USD", BuildTenants.Cent), (live.Run, live.MarkMs, live.LedgeredMs, live.Currency, live.Price));
        Assert.Equal(20_000, live.Price!.Settled(live.MarkMs, closed: live.ClosedAt is not null));

        run.Raise(3_100);
        await database.JournalAsync(_process, BuildSessions.EndOf(run.Ownership, CloseCode.Completed, run));

        var closed = Assert.Single(await GenerationsAsync(run.Ownership));
        Assert.Equal(3_100, (await ListAsync(_customer)).Single().GeneratedMs);
        Assert.Equal([(0, 2_499), (2_499, 3_100)], closed.Ledger.Select(range => (range.FromMs, range.ToMs)));
        Assert.Equal(40_000, closed.Price!.Settled(closed.MarkMs, closed: closed.ClosedAt is not null));
        Assert.Equal("completed", closed.CloseReason);
    }

    [Fact]
    public async Task Each_runs_price_is_what_its_own_tenant_locked_not_those_above_it()
    {
        var dear = await database.AddCustomerAsync(_reseller, price: new Price(99.5m, new Rounding(RoundingMode.Floor, StepSeconds: 5, MinimumSeconds: 10)));
        var run = await database.AddGenerationAsync(_process, dear);

        Assert.Equal(new Price(99.5m, new Rounding(RoundingMode.Floor, StepSeconds: 5, MinimumSeconds: 10)), Assert.Single(await GenerationsAsync(run.Ownership)).Price);
    }

    [Fact]
    public async Task A_timeline_is_read_in_its_order_a_part_at_a_time()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.JournalAsync(_process, [.. Enumerable.Range(0, 5).Select(_ => new TimelineEvent(
            session, session.NextSequence(), TimeProvider.System.GetUtcNow(), "queued", SessionPhase.Waiting, """{"position": 1}"""))]);

        Assert.Equal([2, 3, 4], (await _queries.TimelineAsync(session.Session, after: 1, limit: 3, CancellationToken.None)).Select(row => row.Sequence));
        var rest = await _queries.TimelineAsync(session.Session, after: 4, limit: 3, CancellationToken.None);
        Assert.Equal([(5, "queued", "waiting", """{"position": 1}"""), (6, "queued", "waiting", """{"position": 1}""")],
            rest.Select(row => (row.Sequence, row.Kind, row.Phase, row.Detail)));
    }

    [Fact]
    public async Task An_end_that_is_asked_for_reaches_the_process_that_holds_the_session_and_the_first_code_stays()
    {
        var (session, ended) = (await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _customer));
        await database.JournalAsync(_process, BuildSessions.EndOf(ended, CloseCode.ClientClosed));
        var requests = new EndRequestStore(database.Database);
        Assert.Empty(await requests.FindEndRequestsAsync(_process, CancellationToken.None));

        foreach (var code in new[] { CloseCode.EndedByTenant, CloseCode.TenantSuspended })
        {
            await _queries.RequestEndAsync(session.Session, code, CancellationToken.None);
            await _queries.RequestEndAsync(ended.Session, code, CancellationToken.None);
        }

        Assert.Equal([new EndRequest(session.Session, CloseCode.EndedByTenant)], await requests.FindEndRequestsAsync(_process, CancellationToken.None));
        Assert.Empty(await requests.FindEndRequestsAsync(await database.AddProcessAsync(), CancellationToken.None));
        await database.JournalAsync(_process, BuildSessions.EndOf(session, CloseCode.EndedByTenant));
        Assert.Empty(await requests.FindEndRequestsAsync(_process, CancellationToken.None));
    }

    private static IEnumerable<Guid> Ids(IEnumerable<SessionOwnership> sessions) => sessions.Select(session => session.Session.Value);

    private Task<IReadOnlyList<SessionRow>> ListAsync(Customer viewer) =>
        _queries.ListAsync(viewer.Id, liveOnly: false, before: null, limit: 100, CancellationToken.None);

    private Task<IReadOnlyList<GenerationRow>> GenerationsAsync(SessionOwnership session) => _queries.GenerationsAsync(session.Session, CancellationToken.None);
}
