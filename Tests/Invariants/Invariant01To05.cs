using FsCheck;
using FsCheck.Fluent;
using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>The ledger of one run on the real tables, however its ticks, flushes, settlements and closes come.</summary>
public sealed class Invariant01To05(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime, IDisposable
{
    private const int Tests = 20;

    private readonly MarkStore _marks = new(database.Database);
    private Customer _customer = null!;
    private long _process;

    /// <summary>A tick, a while after the last; and whether the ledger follows then.</summary>
    private sealed record Tick(int GapMs, int ClaimedMs, bool Settles)
    {
        public IEnumerable<Tick> Smaller() =>
            Samples.Smaller(GapMs).Select(gap => this with { GapMs = (int)gap }).Concat(Samples.Smaller(ClaimedMs).Select(claimed => this with { ClaimedMs = (int)claimed }));
    }

    private static readonly Arbitrary<Tick[]> Stories = Samples.SequencesOf(
        from gap in Gen.Choose(0, 4_000) from claimed in Gen.Choose(0, 40_000) from settles in Gen.Elements(true, false) select new Tick(gap, claimed, settles),
        max: 14, tick => tick.Smaller());

    public async Task InitializeAsync() => (_customer, _process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _marks.Dispose();

    [Fact]
    public void Invariant_01_The_ledger_of_a_generation_is_its_largest_valid_count_in_ranges_contiguous_from_0() =>
        Hold(Stories, async story =>
        {
            var run = await database.AddGenerationAsync(_process, _customer);
            var state = RunMeter.Apply(MeterState.New, new MeterEvent.Started(TimeSpan.Zero)).Next;
            var (now, largest) = (0L, 0L);
            foreach (var tick in story)
            {
                now += tick.GapMs;
                largest = Math.Max(largest, Math.Min(tick.ClaimedMs, now + (long)RunMeter.Slack.TotalMilliseconds));
                state = RunMeter.Apply(state, new MeterEvent.Ticked(TimeSpan.FromMilliseconds(now), tick.ClaimedMs)).Next;
                Flush(run, state.MarkMs);
                if (tick.Settles)
                    await database.SettleAsync(run);
                Assert.Equal(largest, await MarkAsync(run));
                await database.LookAsync(_customer.Id);
            }

            run.Raise(state.MarkMs);
            await CloseAsync(run);

            Assert.Equal((largest, largest), (await MarkAsync(run), await LedgeredAsync(run)));
            await database.LookAsync(_customer.Id);
        });

    [Fact]
    public void Invariant_02_Any_order_repetition_or_loss_with_a_later_tick_of_applies_gives_the_same_state()
    {
        var applies = Gen.Choose(0, 60_000).NonEmptyListOf().SelectMany(marks => Gen.Shuffle(marks.Concat(marks.Take(3)))
            .Select(order => order.ToArray())).ToArbitrary();

        Hold(applies, async order =>
        {
            // The one loses all but the largest, the other has every one of them in any order, some twice.
            var runs = (await database.AddGenerationsAsync(_process, await database.AddSessionsAsync(_process, _customer, count: 2))).ToArray();
            Flush(runs[0], order.Max());
            var last = 0L;
            foreach (var mark in order)
            {
                Flush(runs[1], mark);
                var now = await MarkAsync(runs[1]);
                Assert.True(now >= last, $"The mark fell from {last} to {now}.");
                last = now;
            }

            await database.SettleAsync(runs);
            await database.SettleAsync(runs);

            Assert.Equal(order.Max(), await MarkAsync(runs[0]));
            Assert.Equal(await MarkAsync(runs[0]), await MarkAsync(runs[1]));
            Assert.Equal(await LedgeredAsync(runs[0]), await LedgeredAsync(runs[1]));
        });
    }

    [Fact]
    public void Invariant_03_Billed_seconds_are_the_policy_of_the_maximum_however_it_was_split()
    {
        var samples = Arb.From(
            from mode in Gen.Elements(RoundingMode.Ceil, RoundingMode.Floor)
            from step in Gen.Elements(1, 6, 30)
            from minimum in Gen.Elements(0, 1, 10)
            from marks in Gen.Choose(0, 90_000).ArrayOf()
            select (Rounding: new Rounding(mode, step, minimum), Marks: marks.Take(6).Order().ToArray()),
            sample => sample.Marks.Select((_, i) => (sample.Rounding, sample.Marks.Where((_, j) => j != i).ToArray())));

        Hold(samples, async sample =>
        {
            var customer = await database.AddCustomerAsync(price: new Price(1, sample.Rounding));
            var run = await database.AddGenerationAsync(_process, customer);
            foreach (var mark in sample.Marks)
            {
                Flush(run, mark);
                var ledgered = (await database.SettleAsync(run)).Single().LedgeredMs;
                Assert.Equal(sample.Rounding.Units(ledgered, closed: false), await BilledAsync(run));
            }

            run.Raise(sample.Marks.LastOrDefault());
            await CloseAsync(run);

            Assert.Equal(sample.Rounding.Units(sample.Marks.LastOrDefault(), closed: true), await BilledAsync(run));
        });
    }

    [Fact]
    public void Invariant_04_Nothing_negative_is_ever_booked_and_no_message_of_a_provider_makes_a_sum_fall()
    {
        var messages = Samples.SequencesOf(
            from gap in Gen.Choose(0, 4_000) from kind in Gen.Choose(0, 9) from claimed in Gen.Choose(0, 40_000) select (Gap: gap, Kind: kind, Claimed: claimed), max: 14);

        Hold(messages, async story =>
        {
            var session = await database.AddSessionAsync(_process, _customer);
            var (state, now, last) = (MeterState.New, 0L, 0L);
            LiveGeneration? run = null;
            foreach (var (gap, kind, claimed) in story)
            {
                now += gap;
                var at = TimeSpan.FromMilliseconds(now);
                state = RunMeter.Apply(state, kind switch
                {
                    < 5 => new MeterEvent.Ticked(at, claimed),
                    5   => new MeterEvent.Ticked(at, null),
                    6   => new MeterEvent.Ended(at, claimed % 3 == 0 ? null : claimed),
                    7   => new MeterEvent.Named(at, claimed % 2 == 0 ? "a" : "b"),
                    8   => new MeterEvent.Reattached(),
                    _   => new MeterEvent.Started(at),
                }).Next;
                if (run is not null && (state.Run > run.Run || !state.IsOpen) && !run.IsClosed)
                {
                    await CloseAsync(run);
                    run.Close();
                }

                if (state.Run > (run?.Run ?? 0))
                    run = await OpenAsync(session, state.Run);
                if (run is { IsClosed: false })
                {
                    run.Raise(state.MarkMs);
                    Flush(run, state.MarkMs);
                    await database.SettleAsync(run);
                }

                var sum = await SumAsync(session);
                Assert.True(sum >= last, $"The session's sum fell from {last} to {sum}.");
                last = sum;
            }

            await database.LookAsync(_customer.Id);
        });
    }

    [Fact]
    public void Invariant_05_However_closes_and_ticks_race_there_is_one_close_at_the_maximum() =>
        Hold(Samples.SequencesOf(Gen.Choose(0, 60_000), max: 8), async ticks =>
        {
            var run = await database.AddGenerationAsync(_process, _customer);
            // A tick that raced the close is in the mark that the close carries: both are the same counter of the same process.
            run.Raise(ticks.Append(0).Max());
            var end = BuildSessions.EndOf(run.Ownership, CloseCode.Completed, run);

            await Task.WhenAll([
                .. ticks.Select(tick => Task.Run(() => FlushAlone(run, tick))),
                Task.Run(() => CloseAsync(run)), Task.Run(() => CloseAsync(run)), Task.Run(() => database.SettleAsync(run)),
                Task.Run(() => database.JournalAsync(_process, end)), Task.Run(() => database.JournalAsync(_process, end))]);

            Assert.Equal((run.MarkMs, run.MarkMs), (await MarkAsync(run), await LedgeredAsync(run)));
            Assert.Equal(1, await database.ReadAsync<long>(
                "SELECT count(*) FROM session_event WHERE session_id = $1 AND kind = 'session_ended'", run.Ownership.Session.Value));
            await database.LookAsync(_customer.Id);
        });

    private static void Hold<T>(Arbitrary<T> samples, Func<T, Task> law) =>
        Laws.Hold(samples, tests: Tests, law: sample => Task.Run(() => law(sample)).GetAwaiter().GetResult());

    private async Task<LiveGeneration> OpenAsync(SessionOwnership session, int ordinal)
    {
        var run = new LiveGeneration(session, ordinal, upstream: null, TimeProvider.System.GetUtcNow());
        run.Opened(Assert.NotNull((await database.JournalAsync(_process, new GenerationOpened(run)))[0]));
        return run;
    }

    private void Flush(LiveGeneration run, long markMs) => _marks.Flush(_process, new MarkBatch([run.Id!.Value], [run.Ownership.Epoch], [markMs]));

    private void FlushAlone(LiveGeneration run, long markMs)
    {
        using var marks = new MarkStore(database.Database);
        try
        {
            marks.Flush(_process, new MarkBatch([run.Id!.Value], [run.Ownership.Epoch], [markMs]));
        }
        catch (PostgresException late) when (late.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            // On a busy machine a flush may wait beyond its two seconds; it promised nothing then.
        }
    }

    private Task CloseAsync(LiveGeneration run) => database.JournalAsync(_process, new GenerationClosed(run, "disconnect", ClaimedMs: null));

    private Task<long> MarkAsync(LiveGeneration run) => database.ReadAsync<long>("SELECT mark_ms FROM generation WHERE id = $1", run.Id!);

    private Task<long> LedgeredAsync(LiveGeneration run) =>
        database.ReadAsync<long>("SELECT coalesce(sum(to_ms - from_ms), 0)::bigint FROM usage_ledger WHERE generation_id = $1", run.Id!);

    private Task<long> BilledAsync(LiveGeneration run) =>
        database.ReadAsync<long>("SELECT coalesce(sum(seconds), 0)::bigint FROM ledger_charge WHERE generation_id = $1", run.Id!);

    private Task<long> SumAsync(SessionOwnership session) => database.ReadAsync<long>("""
        SELECT coalesce(sum(l.to_ms - l.from_ms), 0)::bigint FROM usage_ledger l JOIN generation g ON g.id = l.generation_id WHERE g.session_id = $1
        """, session.Session.Value);
}
