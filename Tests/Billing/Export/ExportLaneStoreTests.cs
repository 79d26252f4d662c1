using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>Who may write what becomes of a batch.</summary>
public sealed class ExportLaneStoreTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    private readonly ExportLaneStore _lanes = new(world.Database.Database);

    [Fact]
    public async Task Invariant_18_a_lane_is_held_by_one_and_goes_on_after_the_lease_of_one_who_died()
    {
        await FreezeOneAsync();
        var (first, others) = (await TakeAsync(1), await TakeAsync(2));
        var lane = Assert.Single(first);
        Assert.Empty(others);
        var head = Assert.IsType<LaneHead>(await _lanes.PeekAsync(lane, CancellationToken.None));
        Assert.True(await _lanes.BeginAsync(lane, head, Lease, CancellationToken.None));

        await world.PassAsync(Lease);
        var next = Assert.Single(await TakeAsync(2));
        var found = Assert.IsType<LaneHead>(await _lanes.PeekAsync(next, CancellationToken.None));

        // What the one who was slow has to say counts no more, and he starts nothing either.
        var attempted = head with { Attempt = head.Attempt with { Attempts = 1 } };
        Assert.False(await _lanes.FinishAsync(lane, attempted, new ExportStep(ExportState.Rejected), CancellationToken.None));
        Assert.False(await _lanes.BeginAsync(lane, attempted, Lease, CancellationToken.None));
        Assert.Null(await _lanes.PeekAsync(lane, CancellationToken.None));
        Assert.Equal((ExportState.Sending, 1, true), (found.Attempt.State, found.Attempt.Attempts, found.Attempt.UnknownFor is not null));
        Assert.Equal((head.Usage.Body, head.Usage.Identifier), (found.Usage.Body, found.Usage.Identifier));
        Assert.True(await _lanes.BeginAsync(next, found, Lease, CancellationToken.None));
        Assert.True(await _lanes.FinishAsync(
            next, found with { Attempt = found.Attempt with { Attempts = 2 } }, new ExportStep(ExportState.Sent), CancellationToken.None));
        await _lanes.ReleaseAsync(next, TimeSpan.Zero, CancellationToken.None);
        Assert.Empty(await TakeAsync(1));
    }

    [Fact]
    public async Task Of_many_who_want_a_lane_one_gets_it()
    {
        await FreezeOneAsync();

        var taken = await Task.WhenAll(Enumerable.Range(1, 8).Select(process => Task.Run(() => TakeAsync(process))));

        var lane = Assert.Single(taken.SelectMany(lanes => lanes));
        await _lanes.ReleaseAsync(lane, TimeSpan.Zero, CancellationToken.None);
        await world.SettleDownAsync(world.Pump());
    }

    private Task<IReadOnlyList<HeldLane>> TakeAsync(long process) => _lanes.TakeAsync(process, limit: 16, Lease, CancellationToken.None);

    private async Task FreezeOneAsync()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 5_000);
        await Eventually.IsAsync("a batch is frozen", async () =>
        {
            await world.PassAsync(TimeSpan.FromSeconds(1));
            await world.Pump().FreezeAsync(CancellationToken.None);
            return (await world.StatesAsync(exported.Target)).Count == 1;
        });
    }
}
