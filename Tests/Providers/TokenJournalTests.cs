using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Providers;

/// <summary>What responses used on its way from a frame into the books.</summary>
public sealed class TokenJournalTests : IAsyncDisposable
{
    private readonly RelayBed _bed = new();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task It_waits_for_the_database_and_is_written_though_another_process_has_the_session_by_then()
    {
        var session = new SessionOwnership(SessionId.New(TimeProvider.System.GetUtcNow()));
        _bed.IsAway = true;
        _bed.Journal.Add(new TimelineEvent(session, 2, TimeProvider.System.GetUtcNow(), "queued", Phase: null, Detail: null));
        _bed.Journal.Add(Used(session, "resp_1"));
        await Eventually.IsAsync("a write has failed", () => Task.FromResult(_bed.FailedWrites > 1));

        session.Lose();
        _bed.Journal.Add(Used(session, "resp_2"));
        _bed.IsAway = false;

        await Eventually.IsAsync("both are written", () => Task.FromResult(_bed.Tokens.Count == 2));
        Assert.Equal(["resp_1", "resp_2"], _bed.Tokens.Select(used => used.Usage.Id));
        Assert.Empty(_bed.Events);
    }

    private static TokensUsed Used(SessionOwnership session, string id) =>
        new(session, TimeProvider.System.GetUtcNow(), Model: null, new TokenUsage(id, TokenSource.Response, new TokenCounts(1), Input: null, Output: null, []));
}
