using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Tests.Billing;

public sealed class MarkBookTests : IDisposable
{
    private readonly MarkBook _book = new();

    public void Dispose() => _book.Dispose();

    [Fact]
    public void A_run_that_rose_often_is_flushed_once_at_its_latest_mark()
    {
        var run = Run(id: 7);
        _book.Raise(run, 1_000);
        _book.Raise(run, 3_000);
        _book.Raise(run, 2_000);

        var taken = _book.Take();

        Assert.Equal([7], taken.Marks.Ids);
        Assert.Equal([3_000], taken.Marks.Milliseconds);
        Assert.Empty(_book.Take().Generations);
    }

    [Fact]
    public void Marks_are_taken_in_the_order_of_their_rows_under_the_epoch_of_that_moment()
    {
        var (last, first) = (Run(id: 9), Run(id: 3));
        _book.Raise(last, 1_000);
        _book.Raise(first, 2_000);
        last.Ownership.Reclaim(4);

        var taken = _book.Take();

        Assert.Equal([3, 9], taken.Marks.Ids);
        Assert.Equal([1, 4], taken.Marks.Epochs);
    }

    [Fact]
    public void A_run_without_a_row_waits_until_it_has_one()
    {
        var run = Run(id: null);
        _book.Raise(run, 1_000);
        Assert.Empty(_book.Take().Generations);

        run.Opened(5);

        Assert.Equal([5], _book.Take().Marks.Ids);
    }

    [Fact]
    public void What_another_process_holds_is_flushed_no_more()
    {
        var run = Run(id: 5);
        _book.Raise(run, 1_000);

        run.Ownership.Lose();

        Assert.Empty(_book.Take().Generations);
    }

    [Fact]
    public void A_flush_of_unknown_outcome_is_repeated_with_what_is_known_by_then()
    {
        var run = Run(id: 5);
        _book.Raise(run, 1_000);
        var taken = _book.Take();
        _book.Raise(run, 2_000);

        _book.Return(taken);

        Assert.Equal([2_000], _book.Take().Marks.Milliseconds);
        Assert.Equal(0, run.DurableMs);
    }

    [Fact]
    public void Who_waits_for_a_mark_hurries_the_flush_and_goes_on_when_that_mark_is_durable()
    {
        var run = Run(id: 5);
        _book.Raise(run, 1_000);
        var before = _book.Take();
        _book.Raise(run, 2_000);

        var durable = _book.WhenDurableAsync(run);
        Assert.True(_book.Urgent.WaitOne(0));
        _book.Confirm(before);
        Assert.False(durable.IsCompleted);
        _book.Confirm(_book.Take());

        Assert.True(durable.IsCompletedSuccessfully);
        Assert.True(_book.WhenDurableAsync(run).IsCompletedSuccessfully);
    }

    [Fact]
    public void A_close_in_the_books_makes_the_last_mark_durable()
    {
        var run = Run(id: 5);
        _book.Add(run);
        _book.Raise(run, 1_000);
        var durable = _book.WhenDurableAsync(run);

        _book.Close(run);
        _book.ConfirmClosed(run);

        Assert.True(durable.IsCompletedSuccessfully);
        Assert.Equal((0, 1_000L), (_book.OpenCount, run.DurableMs));
    }

    private static LiveGeneration Run(long? id)
    {
        var run = new LiveGeneration(new SessionOwnership(SessionId.New(DateTimeOffset.UnixEpoch)), run: 1, upstream: "u1", DateTimeOffset.UnixEpoch);
        if (id is { } row)
            run.Opened(row);
        return run;
    }
}
