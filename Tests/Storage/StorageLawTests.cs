using System.Collections.Concurrent;
using Npgsql;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Processes;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>
/// Flushes, settlements, journals, deaths, reclaims and reapers at once on the same fifty sessions, in an order that chance
/// decides. The books are in order at every instant, and no millisecond that a flush confirmed is missing at the end.
/// </summary>
public sealed class StorageLawTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Sessions = 50;
    private const int Workers = 6;
    private const int Steps = 60;

    private readonly ProcessStore _processes = new(database.Database);
    private readonly BillingStore _billing = new(database.Database);
    private readonly ConcurrentDictionary<SessionId, SessionOwnership> _sessions = new();
    // A session's journal has one writer, who knows the runs he opened.
    private readonly ConcurrentDictionary<SessionId, SemaphoreSlim> _writers = new();
    private readonly ConcurrentDictionary<long, Run> _runs = new();
    private readonly long[] _living = new long[3];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_books_are_in_order_at_every_instant(int seed)
    {
        var customer = await database.AddCustomerAsync(await database.AddCustomerAsync());
        for (var i = 0; i < _living.Length; i++)
            _living[i] = await database.AddProcessAsync();
        for (var i = 0; i < Sessions; i++)
            await OpenAsync(_living[i % _living.Length], await database.AddSessionAsync(_living[i % _living.Length], customer));

        using var done = new CancellationTokenSource();
        var auditor = AuditAsync(done.Token);
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => WorkAsync(new Random(seed * 1_000 + worker)))));
        await done.CancelAsync();
        Assert.True(await auditor > 0, "The books were never looked at meanwhile.");

        var last = await database.AddProcessAsync();
        // Every life that a process had, those included that two reclaims at once left behind.
        await database.ExecuteAsync("UPDATE process SET lease_until = clock_timestamp() - interval '1 ms' WHERE id <> $1", last);
        await _processes.DeclareDeadAsync(last, CancellationToken.None);
        while ((await _processes.ReapAsync(last, 200, CancellationToken.None)).Count > 0) { }
        await database.AssertInOrderAsync();
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM session WHERE ended_at IS NULL"));
        foreach (var run in _runs.Values)
            Assert.InRange(await database.ReadAsync<long>("SELECT mark_ms FROM generation WHERE id = $1", run.Id), run.ConfirmedMs, run.SentMs);
        Assert.True(_runs.Values.Sum(run => run.ConfirmedMs) > 0, "Nothing was confirmed.");
    }

    /// <summary>Looks at the books, again and again.</summary>
    private async Task<int> AuditAsync(CancellationToken done)
    {
        var looks = 0;
        while (!done.IsCancellationRequested)
        {
            await database.AssertInOrderAsync();
            looks++;
        }

        return looks;
    }

    private async Task WorkAsync(Random random)
    {
        using var marks = new MarkStore(database.Database);
        for (var step = 0; step < Steps; step++)
        {
            await (random.Next(100) switch
            {
                < 40 => FlushAsync(random, marks),
                < 60 => SettleAsync(random),
                < 70 => OpenNextAsync(random),
                < 80 => CloseAsync(random),
                < 84 => EndAsync(random),
                < 92 => ReclaimAsync(random),
                _    => ReapAsync(random),
            });
        }
    }

    private Task FlushAsync(Random random, MarkStore marks)
    {
        var sent = Some(random, 20).OrderBy(run => run.Id).Select(run => (Run: run, Epoch: run.Session.Epoch, Ms: run.Next(random))).ToList();
        var batch = new MarkBatch([.. sent.Select(mark => mark.Run.Id)], [.. sent.Select(mark => mark.Epoch)], [.. sent.Select(mark => mark.Ms)]);
        try
        {
            var outcome = marks.Flush(_living[random.Next(_living.Length)], batch);
            if (outcome.LeaseHeld && outcome.Raised == sent.Count)
                sent.ForEach(mark => mark.Run.Confirm(mark.Ms));
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            // On a busy machine a flush may wait beyond its two seconds; it promised nothing then, and the books are in order all the same.
        }

        return Task.CompletedTask;
    }

    private Task SettleAsync(Random random)
    {
        var due = Some(random, 20);
        return _billing.SettleAsync(
            [.. due.Select(run => new SettlementDue(run.Session.Session, run.Session.Epoch, run.Ordinal, WantedMs: null, BlindMs: 0))], CancellationToken.None);
    }

    private Task OpenNextAsync(Random random)
    {
        var session = Some(random, 1)[0].Session;
        return WriteAsync(session, () => OpenAsync(_living[0], session));
    }

    private Task CloseAsync(Random random)
    {
        var run = Some(random, 1)[0];
        return WriteAsync(run.Session, () => database.JournalAsync(
            _living[0], Event(run.Session), new GenerationClosed(run.Closing(random), "disconnect", ClaimedMs: null)));
    }

    private Task EndAsync(Random random)
    {
        var session = Some(random, 1)[0].Session;
        return WriteAsync(session, () => database.JournalAsync(
            _living[0], Event(session),
            BuildSessions.EndOf(session, CloseCode.Completed, [.. _runs.Values.Where(run => run.Session == session).Select(run => run.Closing(random))])));
    }

    private async Task WriteAsync(SessionOwnership session, Func<Task> write)
    {
        var writer = _writers.GetOrAdd(session.Session, _ => new SemaphoreSlim(1, 1));
        await writer.WaitAsync();
        try
        {
            await write();
        }
        finally
        {
            writer.Release();
        }
    }

    /// <summary>A process is declared dead and goes on under a new life with what nobody took meanwhile.</summary>
    private async Task ReclaimAsync(Random random)
    {
        var place = random.Next(_living.Length);
        var former = _living[place];
        await database.DeclareDeadAsync(former);
        var (process, held) = _processes.Reclaim(former, "a process");
        _living[place] = process;
        foreach (var session in held)
            _sessions[session.Session].Reclaim(session.Epoch);
    }

    /// <summary>A process is declared dead, and another finishes a few of its sessions; the rest may still be taken back.</summary>
    private async Task ReapAsync(Random random)
    {
        var place = random.Next(_living.Length);
        await database.DeclareDeadAsync(_living[place]);
        await _processes.ReapAsync(_living[(place + 1) % _living.Length], random.Next(1, 4), CancellationToken.None);
    }

    private async Task OpenAsync(long process, SessionOwnership session)
    {
        _sessions.TryAdd(session.Session, session);
        var ordinal = _runs.Values.Count(run => run.Session == session) + 1;
        var opened = await database.JournalAsync(process, new GenerationOpened(new LiveGeneration(session, ordinal, upstream: null, TimeProvider.System.GetUtcNow())));
        if (opened[0] is { } id)
            _runs.TryAdd(id, new Run(session, ordinal, id));
    }

    private Run[] Some(Random random, int most) => [.. Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => _runs.ElementAt(random.Next(_runs.Count)).Value).Distinct()];

    private static TimelineEvent Event(SessionOwnership session) =>
        new(session, session.NextSequence(), TimeProvider.System.GetUtcNow(), "queued", Phase: null, Detail: null);

    /// <summary>What was sent of a run, and what of it was confirmed.</summary>
    private sealed class Run(SessionOwnership session, int ordinal, long id)
    {
        private readonly Lock _gate = new();

        public SessionOwnership Session => session;
        public int Ordinal => ordinal;
        public long Id => id;
        public long SentMs { get; private set; }
        public long ConfirmedMs { get; private set; }

        /// <summary>A mark to send, now and then one that was overtaken.</summary>
        public long Next(Random random)
        {
            lock (_gate)
                return random.Next(4) == 0 ? SentMs / 2 : SentMs += random.Next(1, 1_500);
        }

        public void Confirm(long markMs)
        {
            lock (_gate)
                ConfirmedMs = Math.Max(ConfirmedMs, markMs);
        }

        public LiveGeneration Closing(Random random)
        {
            var closing = new LiveGeneration(session, ordinal, upstream: null, TimeProvider.System.GetUtcNow());
            closing.Raise(Next(random));
            return closing;
        }
    }
}
