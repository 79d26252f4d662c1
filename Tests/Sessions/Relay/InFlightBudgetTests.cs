using System.Net.WebSockets;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Tests.Sessions.Relay;

/// <summary>What relays may hold in memory together, and how a message being read takes its part of it.</summary>
public class InFlightBudgetTests
{
    private const int MaxMessage = 64 * 1024;
    private readonly InFlightBudget _budget = new(limit: 3 * MaxMessage, maxMessage: MaxMessage);

    [Fact]
    public void One_whole_message_is_kept_back_from_the_limit()
    {
        Assert.True(_budget.TryTake(2 * MaxMessage));

        Assert.True(_budget.IsSpent);
        Assert.False(_budget.TryTake(1));
        Assert.Equal(2 * MaxMessage, _budget.Used);
    }

    [Fact]
    public async Task Who_waits_goes_on_when_less_than_the_limit_is_used()
    {
        _budget.Charge(2 * MaxMessage + 10);
        var (one, other) = (_budget.WaitAsync().AsTask(), _budget.WaitAsync().AsTask());

        _budget.Return(10);
        Assert.False(one.IsCompleted || other.IsCompleted);
        _budget.Return(1);

        await Task.WhenAll(one, other).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task One_at_a_time_may_overdraw()
    {
        var first = await _budget.OverdrawAsync();
        var second = _budget.OverdrawAsync().AsTask();
        Assert.False(second.IsCompleted);

        first.Dispose();
        // Once only: to give it back twice must not let two in.
        first.Dispose();

        using var granted = await second.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(_budget.OverdrawAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_small_message_takes_nothing()
    {
        using var buffer = new MessageBuffer(_budget, MaxMessage);

        await FillAsync(buffer, MessageBuffer.BaseBytes);

        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task A_larger_one_takes_what_it_grows_to_and_gives_it_back()
    {
        using var buffer = new MessageBuffer(_budget, MaxMessage);

        await FillAsync(buffer, MessageBuffer.BaseBytes + 1);
        Assert.Equal(2 * MessageBuffer.BaseBytes, _budget.Used);
        await FillAsync(buffer, 10_000);
        Assert.Equal(4 * MessageBuffer.BaseBytes, _budget.Used);
        buffer.Clear();

        Assert.Equal(0, _budget.Used);
        Assert.Equal(0, buffer.Payload.Length);
    }

    [Fact]
    public async Task Growing_keeps_the_bytes()
    {
        using var buffer = new MessageBuffer(_budget, MaxMessage);

        await FillAsync(buffer, 50_000);

        Assert.Equal(Enumerable.Range(0, 50_000).Select(i => (byte)i), buffer.Payload.ToArray());
    }

    [Fact]
    public async Task A_message_that_waits_counts_until_it_has_left()
    {
        using var buffer = new MessageBuffer(_budget, MaxMessage);
        await FillAsync(buffer, 100);

        var message = buffer.Detach(WebSocketMessageType.Text);
        Assert.InRange(_budget.Used, 100, 2 * MessageBuffer.BaseBytes);
        message.Release(_budget);

        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task With_the_budget_spent_one_message_still_gets_through_and_the_next_waits_for_it()
    {
        _budget.Charge(2 * MaxMessage);
        using var first = new MessageBuffer(_budget, MaxMessage);
        using var second = new MessageBuffer(_budget, MaxMessage);

        await FillAsync(first, MaxMessage).WaitAsync(TimeSpan.FromSeconds(10));
        var waiting = FillAsync(second, MaxMessage);
        Assert.False(waiting.IsCompleted);
        first.Clear();

        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(MaxMessage, false, false)]
    [InlineData(MaxMessage, true, true)]
    [InlineData(MaxMessage - 1, true, false)]
    [InlineData(MaxMessage + 1, false, true)]
    public async Task A_message_is_too_big_when_it_is_or_must_become_so(int bytes, bool goesOn, bool tooBig)
    {
        using var buffer = new MessageBuffer(_budget, MaxMessage);

        await FillAsync(buffer, bytes);

        Assert.Equal(tooBig, buffer.IsTooBig(goesOn));
    }

    /// <summary>Reads on until the message has so many bytes: 0, 1, 2 and so on.</summary>
    private static async Task FillAsync(MessageBuffer buffer, int bytes)
    {
        while (buffer.Payload.Length < bytes)
        {
            await buffer.MakeRoomAsync();
            var from = buffer.Payload.Length;
            var count = Math.Min(buffer.Free.Length, bytes - from);
            for (var i = 0; i < count; i++)
                buffer.Free.Span[i] = (byte)(from + i);
            buffer.Advance(count);
        }
    }
}
