using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Policies.Moderation;

namespace Orchestrator.Tests.Policies;

/// <summary>How much is asked of webhooks at once.</summary>
public class ModerationSlotsTests
{
    private static readonly TenantId One = new(Guid.Parse("0198a5a2-0000-7000-8000-000000000001"));
    private static readonly TenantId Other = new(Guid.Parse("0198a5a2-0000-7000-8000-000000000002"));

    private readonly ModerationSlots _slots = new(new ModerationOptions { TenantConcurrency = 1, Concurrency = 2, TenantBytes = 100_000, Bytes = 150_000 });

    [Fact]
    public void Bytes_that_wait_are_bounded_for_each_tenant_and_for_all()
    {
        using var first = _slots.TryEnter(One, 60_000);

        Assert.NotNull(first);
        Assert.Null(_slots.TryEnter(One, 60_000));
        using var second = _slots.TryEnter(Other, 60_000);
        Assert.NotNull(second);
        Assert.Null(_slots.TryEnter(Other, 40_000));
        Assert.Equal(120_000, _slots.Bytes);
    }

    [Fact]
    public void Who_leaves_gives_everything_back()
    {
        _slots.TryEnter(One, 90_000)!.Dispose();

        Assert.Equal(0, _slots.Bytes);
        using var again = _slots.TryEnter(One, 90_000);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task A_tenant_whose_turns_are_taken_keeps_nobody_else_from_theirs()
    {
        using var first = _slots.TryEnter(One, 1)!;
        await first.WaitAsync(CancellationToken.None);
        using var waits = _slots.TryEnter(One, 1)!;
        using var stranger = _slots.TryEnter(Other, 1)!;

        using var giveUp = new CancellationTokenSource();
        var waiting = waits.WaitAsync(giveUp.Token);
        await stranger.WaitAsync(CancellationToken.None);

        Assert.False(waiting.IsCompleted);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
