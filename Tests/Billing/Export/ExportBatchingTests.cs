using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Export;

public class ExportBatchingTests
{
    private static readonly DateTimeOffset Evening = new(2026, 3, 1, 23, 59, 0, TimeSpan.Zero);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    [Fact]
    public void Invariant_15_every_billable_is_in_exactly_one_batch() => Laws.Hold(Stories(), story =>
    {
        var (batches, carried) = ExportBatching.Of(story.Billables, story.Carried, Window);

        Assert.Equal(story.Billables.OrderBy(Key), batches.SelectMany(batch => batch.Items).OrderBy(Key));
        Assert.Equal(story.Billables.Sum(billable => billable.Units) + story.Carried, batches.Sum(batch => batch.Value) + carried);
        Assert.InRange(carried, long.MinValue, 0);
    });

    [Fact]
    public void Invariant_21_no_batch_leaves_its_window_or_its_day_and_its_instant_is_a_second_within() => Laws.Hold(Stories(), story =>
    {
        foreach (var batch in ExportBatching.Of(story.Billables, story.Carried, Window).Batches)
        {
            Assert.InRange(batch.At, batch.From, batch.To);
            Assert.Equal(0, batch.At.UtcTicks % TimeSpan.TicksPerSecond);
            Assert.Equal(batch.From.UtcDateTime.Date, batch.To.UtcDateTime.Date);
            Assert.True(batch.Items.Max(item => item.RecordedAt) - batch.Items.Min(item => item.RecordedAt) <= Window, "A batch is longer than its window.");
            Assert.All(batch.Items, item => Assert.InRange(item.RecordedAt, batch.From, batch.To));
        }
    });

    [Fact]
    public void Invariant_22_values_and_identifiers_are_as_sinks_take_them() => Laws.Hold(Stories(), story =>
    {
        foreach (var batch in ExportBatching.Of(story.Billables, story.Carried, Window).Batches)
            Assert.Matches("^(0|[1-9][0-9]{0,14})$", $"{batch.Value}");
        Assert.Matches("^v1:[0-9a-f]{8}:[0-9a-f]{32}$", ExportIdentifier.Of(story.Id, story.Id));
    });

    [Fact]
    public void Invariant_11_targets_made_in_the_same_second_have_identifiers_that_differ_for_equal_batches()
    {
        var now = Evening;
        var (one, other, batch) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now), Guid.CreateVersion7(now));

        Assert.NotEqual(ExportIdentifier.Of(one, batch), ExportIdentifier.Of(other, batch));
    }

    [Fact]
    public void A_correction_takes_off_what_follows_and_never_leaves_a_negative()
    {
        Billable[] billables = [Row(1, at: 0, seconds: 5), Correction(7, at: 1, seconds: -12), Row(2, at: 70, seconds: 4), Row(3, at: 140, seconds: 10)];

        var (batches, carried) = ExportBatching.Of(billables, carried: -1, Window);

        Assert.Equal([0, 0, 6], batches.Select(batch => batch.Value));
        Assert.Equal(0, carried);
    }

    [Fact]
    public void More_than_fifteen_digits_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ExportBatching.Of([Row(1, 0, ExportBatching.MaxValue), Row(2, 0, 1)], 0, Window));

    private static (BillableSource, long) Key(Billable billable) => (billable.Source, billable.Id);

    private static Billable Row(long id, double at, long seconds) => new(BillableSource.Ledger, id, Evening.AddSeconds(at), seconds);

    private static Billable Correction(long id, double at, long seconds) => new(BillableSource.WalletEntry, id, Evening.AddSeconds(at), seconds);

    private static Arbitrary<Story> Stories() => (
        from kinds in Gen.Choose(0, 9).ListOf()
        from ats in Gen.Choose(0, 300_000).ListOf(kinds.Count)
        from seconds in Gen.Choose(0, 90).ListOf(kinds.Count)
        from carried in Gen.Choose(-100, 0)
        select new Story(
            [.. kinds.Select((kind, i) => kind == 0 ? Correction(i, ats[i] / 1000.0, seconds[i] - 60) : Row(i, ats[i] / 1000.0, seconds[i]))],
            carried, new Guid(carried, 1, 2, new byte[8])))
        .ToArbitrary();

    private sealed record Story(Billable[] Billables, long Carried, Guid Id);
}
