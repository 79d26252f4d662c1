using Npgsql;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Tests.Support;
using static Orchestrator.Tests.Storage.BuildTokens;

namespace Orchestrator.Tests.Storage;

/// <summary>What responses used stands in the books once for each of them, at the prices that its session locked.</summary>
public sealed class TokenUsageTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private Customer _customer = null!;
    private long _process;

    public async Task InitializeAsync() => (_customer, _process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());

    public Task DisposeAsync() => database.AssertTokensInOrderAsync();

    [Fact]
    public async Task A_response_counts_once_however_often_it_is_told()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        var (first, second) = (Used(session, "resp_1", 55, 13, 0, 64, 0, 0, 30, 91), Used(session, "resp_2", 10));

        await database.JournalAsync(_process, first, first with { Usage = first.Usage with { Counts = new(99) } }, second);
        await database.JournalAsync(_process, second, first);

        Assert.Equal(
            ["resp_1 {55,13,0,64,0,0,30,91,0} {0,0,0,0,0,0,0,0,0}", "resp_2 {10,0,0,0,0,0,0,0,0} {55,13,0,64,0,0,30,91,0}"], await RowsAsync(session));
        Assert.Equal("{65,13,0,64,0,0,30,91,0}", await CountedAsync(session));
    }

    [Fact]
    public async Task The_same_id_in_another_session_is_another_response()
    {
        var (one, other) = (await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _customer));

        await database.JournalAsync(_process, Used(one, "resp_1", 1), Used(other, "resp_1", 2));

        Assert.Equal(("{1,0,0,0,0,0,0,0,0}", "{2,0,0,0,0,0,0,0,0}"), (await CountedAsync(one), await CountedAsync(other)));
    }

    [Fact]
    public async Task Writers_that_tell_the_same_responses_at_once_record_each_of_them_once()
    {
        var sessions = await database.AddSessionsAsync(_process, _customer, count: 5);
        var other = await database.AddProcessAsync();
        var used = sessions.SelectMany(session => Enumerable.Range(1, 20).Select(i => Used(session, $"resp_{i}", i, null, 0, 0, 0, 0, 2 * i))).ToList();

        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => database.JournalAsync(
            i % 2 == 0 ? _process : other, [.. used.OrderBy(one => HashCode.Combine(one.Usage.Id, one.Ownership.Session, i))])));

        foreach (var session in sessions)
            Assert.Equal("{210,0,0,0,0,0,420,0,0}", await CountedAsync(session));
        Assert.Equal(100, await database.ReadAsync<long>(
            "SELECT count(*) FROM token_usage WHERE session_id = ANY($1)", sessions.Select(session => session.Session.Value).ToArray()));
    }

    [Fact]
    public async Task It_counts_though_another_process_holds_the_session_and_though_it_is_over()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.ExecuteAsync("UPDATE session SET epoch = 2 WHERE id = $1", session.Session.Value);
        await database.JournalAsync(_process, Used(session, "resp_1", 1));
        session.Reclaim(2);
        await database.JournalAsync(_process, BuildSessions.EndOf(session, CloseCode.ClientClosed));

        await database.JournalAsync(_process, Used(session, "resp_2", 2));

        Assert.Equal("{3,0,0,0,0,0,0,0,0}", await CountedAsync(session));
    }

    [Fact]
    public async Task The_prices_of_every_level_are_those_that_stood_when_the_sessions_first_usage_came()
    {
        var leaf = await database.AddCustomerAsync(_customer);
        var locked = new[] { await database.PriceTokensAsync(_customer.Id), await database.PriceTokensAsync(leaf.Id, model: "mirage") };
        var session = await database.AddSessionAsync(_process, leaf);

        await database.JournalAsync(_process, Used(session, "resp_1", 1_000));
        await database.PriceTokensAsync(_customer.Id, new TokenPrice([.. Usual.ByKind.Select(price => 10 * price)]));
        await database.JournalAsync(_process, Used(session, "resp_2", 1_000));

        Assert.Equal(locked, await database.ListAsync<long>("""
            SELECT p.token_price_version_id FROM token_price p JOIN token_meter m ON m.id = p.meter_id JOIN tenant t ON t.id = p.tenant_id
            WHERE m.session_id = $1 ORDER BY t.path
            """, session.Session.Value));
        Assert.Equal([4_000, 4_000, 4_000, 4_000], await database.ListAsync<long>("SELECT micros FROM token_charge WHERE session_id = $1", session.Session.Value));
    }

    [Fact]
    public async Task A_transcription_is_recorded_as_a_model_of_its_own_with_its_own_price()
    {
        await database.PriceTokensAsync(_customer.Id);
        await database.PriceTokensAsync(_customer.Id, new TokenPrice(0, 6_000_000, 0, 0, 0, 0, 10_000_000, 0, 100_000), TokenReport.TranscriptionModel);
        var session = await database.AddSessionAsync(_process, _customer);

        await database.JournalAsync(
            _process, Used(session, "resp_1", 0, 1_000), Used(session, "item_1:0", 0, 1_000) with { Model = TokenReport.TranscriptionModel },
            Used(session, "item_2:0", 0, 0, 0, 0, 0, 0, 0, 0, 60_000) with { Model = TokenReport.TranscriptionModel });

        Assert.Equal(["input_audio_transcription 12000", "mirage 32000"], await database.ListAsync<string>(
            "SELECT format('%s %s', model, sum(micros)) FROM token_charge WHERE session_id = $1 GROUP BY model ORDER BY model", session.Session.Value));
    }

    [Fact]
    public async Task What_is_unknown_is_kept_as_unknown_with_what_was_odd_about_it()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        var usage = TokenRule.Read(new TokenReport("resp_1", TokenSource.Response, new TokenParts(132, 119, null, null), Output: new TokenParts(5, 5, 0, null)));

        await database.JournalAsync(_process, new TokensUsed(session, TimeProvider.System.GetUtcNow(), Model: null, usage));

        Assert.Equal("{119,NULL,NULL,NULL,NULL,NULL,5,0,0} 132 5 {missing,cache_unknown}", await database.ReadAsync<string>(
            "SELECT format('%s %s %s %s', counts, input_tokens, output_tokens, anomalies) FROM token_usage WHERE session_id = $1", session.Session.Value));
    }

    [Theory]
    [InlineData("UPDATE token_usage SET counts = '{}'")]
    [InlineData("DELETE FROM token_usage")]
    [InlineData("TRUNCATE token_usage CASCADE")]
    public async Task What_is_recorded_is_never_changed(string statement)
    {
        await database.JournalAsync(_process, Used(await database.AddSessionAsync(_process, _customer), "resp_1", 1));

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(statement));

        Assert.Equal("token_usage is append-only", refusal.MessageText);
    }

    [Fact]
    public async Task A_row_that_the_database_cannot_take_is_permanent_and_the_journal_writes_the_others_without_it()
    {
        var session = await database.AddSessionAsync(_process, _customer);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.JournalAsync(_process, Used(session, new string('a', 129), 1)));

        Assert.True(new Orchestrator.Storage.Sessions.JournalStore(database.Database).IsPermanent(refusal));
    }

    private Task<IReadOnlyList<string>> RowsAsync(SessionOwnership session) => database.ListAsync<string>(
        "SELECT format('%s %s %s', usage_id, counts, before) FROM token_usage WHERE session_id = $1 ORDER BY id", session.Session.Value);

    private Task<string> CountedAsync(SessionOwnership session) => database.ReadAsync<string>("SELECT counted::text FROM token_meter WHERE session_id = $1", session.Session.Value);
}
