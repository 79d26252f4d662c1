using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;
using static Orchestrator.Tests.Storage.BuildSessions;

namespace Orchestrator.Tests.Storage;

public sealed class SessionClaimStoreTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly SessionClaimStore _claims = new(database.Database);
    private Customer _reseller = null!;
    private Customer _customer = null!;
    private Customer _sibling = null!;
    private long _process;

    public async Task InitializeAsync()
    {
        _reseller = await database.AddCustomerAsync();
        (_customer, _sibling) = (await database.AddCustomerAsync(_reseller), await database.AddCustomerAsync(_reseller));
        _process = await database.AddProcessAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_claimed_session_has_its_row_and_its_first_event()
    {
        var claim = ClaimOf(_customer);
        claim = claim with { Request = claim.Request with { Metadata = """{"user_id": "u-1", "plan": "gold"}""" } };

        Assert.Equal([null], await ClaimAsync(claim));

        var row = (await new SessionQueries(database.Database).FindAsync(_customer.Id, claim.Session, CancellationToken.None))!;
        Assert.Equal(("u-1", "decart", "mirage", "opening", _process, 1, 0L), (row.EndUser, row.Provider, row.Model, row.Phase, row.Owner, row.Epoch, row.GeneratedMs));
        Assert.Equal([_reseller.Id.Value, _customer.Id.Value], await database.ReadAsync<Guid[]>("SELECT path FROM session WHERE id = $1", claim.Session.Value));
        Assert.Equal(["1 session_claimed opening"], await EventsAsync(claim));
    }

    [Fact]
    public async Task A_batch_is_admitted_in_its_order_up_to_each_limit_of_the_tree()
    {
        SessionLimit[] ofCustomer = [new(_reseller.Id, 3), new(_customer.Id, 2)];
        SessionLimit[] ofSibling = [new(_reseller.Id, 3)];
        SessionClaim[] claims =
        [
            ClaimOf(_customer, ofCustomer), ClaimOf(_customer, ofCustomer), ClaimOf(_customer, ofCustomer), ClaimOf(_sibling, ofSibling), ClaimOf(_sibling, ofSibling),
        ];

        Assert.Equal([null, null, CloseCode.ConcurrencyExceeded, null, CloseCode.ConcurrencyExceeded], await ClaimAsync(claims));

        Assert.Equal(3, await LiveAsync());
        Assert.Empty(await EventsAsync(claims[2]));
    }

    [Fact]
    public async Task Limits_are_never_exceeded_however_many_claim_at_once()
    {
        SessionLimit[] ofCustomer = [new(_reseller.Id, 10), new(_customer.Id, 7)];
        SessionLimit[] ofSibling = [new(_reseller.Id, 10), new(_sibling.Id, 7)];
        var processes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => database.AddProcessAsync()));

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => _claims.AdmitAsync(
            processes[i % 4],
            i % 3 == 0 ? [ClaimOf(_customer, ofCustomer), ClaimOf(_sibling, ofSibling)]
                : i % 3 == 1 ? [ClaimOf(_sibling, ofSibling), ClaimOf(_customer, ofCustomer)] : [ClaimOf(_sibling, ofSibling)],
            CancellationToken.None)));

        Assert.Equal(10, answers.SelectMany(answer => answer).Count(answer => answer.Refused is null));
        Assert.Equal(10, answers.SelectMany(answer => answer).Count(answer => answer.Refused is CloseCode.ConcurrencyExceeded));
        Assert.Equal(10, await LiveAsync());
        Assert.InRange(await database.ReadAsync<long>(
            "SELECT max(live) FROM (SELECT count(*) AS live FROM session WHERE path @> ARRAY[$1] GROUP BY tenant_id) AS t", _reseller.Id.Value), 5, 7);
    }

    [Fact]
    public async Task A_session_that_ends_makes_room()
    {
        var limit = new SessionLimit(_customer.Id, 1);
        var first = ClaimOf(_customer, limit);
        Assert.Equal([null], await ClaimAsync(first));
        Assert.Equal([CloseCode.ConcurrencyExceeded], await ClaimAsync(ClaimOf(_customer, limit)));

        await database.JournalAsync(_process, EndOf(new SessionOwnership(first.Session), CloseCode.ClientClosed));

        Assert.Equal([null], await ClaimAsync(ClaimOf(_customer, limit)));
    }

    [Fact]
    public async Task A_limit_of_none_refuses_all()
        => Assert.Equal([CloseCode.ConcurrencyExceeded], await ClaimAsync(ClaimOf(_customer, new SessionLimit(_reseller.Id, 0))));

    [Fact]
    public async Task A_repeated_claim_is_admitted_again_and_changes_nothing()
    {
        var claim = ClaimOf(_customer, new SessionLimit(_customer.Id, 1));
        Assert.Equal([null], await ClaimAsync(claim));

        Assert.Equal([null], await ClaimAsync(claim));

        Assert.Equal(1, await LiveAsync());
        Assert.Equal(["1 session_claimed opening"], await EventsAsync(claim));
    }

    [Fact]
    public async Task A_new_claim_beside_a_repeated_one_does_not_take_its_place()
    {
        var limit = new SessionLimit(_customer.Id, 1);
        var repeated = ClaimOf(_customer, limit);
        await ClaimAsync(repeated);

        Assert.Equal([CloseCode.ConcurrencyExceeded, null], await ClaimAsync(ClaimOf(_customer, limit), repeated));

        Assert.Equal(1, await LiveAsync());
    }

    [Fact]
    public async Task A_claim_of_a_process_that_is_dead_leaves_no_row()
    {
        await database.DeclareDeadAsync(_process);

        Assert.Equal([CloseCode.StorageUnavailable], await ClaimAsync(ClaimOf(_customer)));

        Assert.Equal(0, await LiveAsync());
    }

    [Fact]
    public async Task A_session_that_another_process_holds_is_not_claimed_again()
    {
        var claim = ClaimOf(_customer);
        await ClaimAsync(claim);

        var answers = await _claims.AdmitAsync(await database.AddProcessAsync(), [claim], CancellationToken.None);

        Assert.Equal(CloseCode.StorageUnavailable, Assert.Single(answers).Refused);

        Assert.Equal(["1 session_claimed opening"], await EventsAsync(claim));
    }

    private async Task<IReadOnlyList<CloseCode?>> ClaimAsync(params SessionClaim[] claims) =>
        [.. (await _claims.AdmitAsync(_process, claims, CancellationToken.None)).Select(admission => admission.Refused)];

    private Task<long> LiveAsync() =>
        database.ReadAsync<long>("SELECT count(*) FROM session WHERE path @> ARRAY[$1] AND ended_at IS NULL", _reseller.Id.Value);

    private Task<IReadOnlyList<string>> EventsAsync(SessionClaim claim) =>
        database.ListAsync<string>("SELECT format('%s %s %s', seq, kind, phase) FROM session_event WHERE session_id = $1 ORDER BY seq", claim.Session.Value);
}
