using System.Globalization;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>
/// One sample on the real tables: a tree of its own, and several processes that admit, open, flush, settle, close and end sessions
/// in it, reap each other's and claim their own again. A call that a fault strikes is made again, as the program does.
/// </summary>
internal sealed class MoneyRun(TestDatabase database, IReadOnlyList<Lane> lanes, MoneySample sample)
{
    private const int Patience = 50;

    private readonly List<Customer> _customers = [];
    private readonly string _name = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");
    private readonly List<Live> _sessions = [];
    private readonly Lock _gate = new();
    private int _entries;
    private int _struck;
    private int _refused;

    public TenantId Root => _customers[0].Id;

    /// <summary>How many calls a fault struck.</summary>
    public int Struck => Volatile.Read(ref _struck);

    /// <summary>How many sessions were refused for want of credit.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>All sessions that were admitted.</summary>
    public IReadOnlyList<Live> Sessions => _sessions;

    /// <summary>Makes the tree and the processes.</summary>
    public async Task BeginAsync()
    {
        var wallets = new WalletStore(database.Database);
        foreach (var level in sample.Tree)
        {
            _customers.Add(await database.AddCustomerAsync(_customers.LastOrDefault(), price: level.Price));
            if (level.WalletSeconds is not { } seconds)
                continue;
            // A third of it is credit, so that both are used.
            var micros = (long)(seconds * level.Micros);
            await wallets.PutAsync(_customers[^1].Id, micros / 3, blindSeconds: 30, [micros / 2], "a test");
            if (micros - micros / 3 > 0)
                await wallets.PostAsync(_customers[^1].Id, new WalletPosting("the first", WalletEntryKind.TopUp, micros - micros / 3, "a test", "to be spent"));
        }

        foreach (var lane in lanes)
        {
            lane.Sessions.Clear();
            // A connection that was ended after its last use is found dead at the next, which may be this.
            lane.Process = await QuietAsync(() => lane.Processes.RegisterAsync(_name, CancellationToken.None));
        }
    }

    /// <summary>One step of one process.</summary>
    public Task TakeAsync(Step step)
    {
        var lane = lanes[step.Lane];
        return step.Kind switch
        {
            "admit"         => AdmitAsync(lane, step),
            "open"          => OpenAsync(lane, step),
            "flush"         => FlushAsync(lane, step),
            "settle"        => SettleAsync(lane, step),
            "close"         => CloseAsync(lane, step),
            "end"           => EndAsync(lane, step),
            "settle closed" => CallAsync(lane, step, () => lane.Billing.SettleClosedAsync(Root, 1 + step.Pick % 5)),
            "top up"        => TopUpAsync(lane, step),
            "reap"          => ReapAsync(lane, step),
            _               => ReclaimAsync(lane, step),
        };
    }

    /// <summary>
    /// Quiescence: every process is lost, another finishes what they left and settles it. Then nothing is held, every wallet has paid for
    /// what was generated, nothing confirmed is missing, and nothing is there that was never sent.
    /// </summary>
    public async Task EndAsync()
    {
        // What was reaped was closed at its mark.
        foreach (var session in _sessions.Where(session => session.Open is not null))
            session.Close(session.Open!);
        foreach (var lane in lanes)
            await Faults.SetAsync(database, lane.Number, "", 0);
        var (last, keeper) = (lanes[0], await database.AddProcessAsync());
        await database.ExecuteAsync("UPDATE process SET lease_until = clock_timestamp() - interval '1 ms' WHERE name = $1", _name);
        await QuietAsync(() => last.Processes.DeclareDeadAsync(keeper, CancellationToken.None));
        while ((await QuietAsync(() => last.Processes.ReapAsync(keeper, 200, CancellationToken.None))).Count > 0) { }
        while (await QuietAsync(() => last.Billing.SettleClosedAsync(Root, 100)) > 0) { }

        await database.LookAsync(Root);
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM session WHERE path[1] = $1 AND ended_at IS NULL", Root.Value));
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM hold WHERE root_id = $1", Root.Value));
        Assert.Equal(0m, await database.ReadAsync<decimal>(
            "SELECT coalesce(sum(w.held_micros), 0) FROM wallet w JOIN tenant t ON t.id = w.tenant_id WHERE t.root_id = $1", Root.Value));
        Assert.Equal(0, await database.ReadAsync<long>(
            "SELECT count(*) FROM generation g JOIN session s ON s.id = g.session_id WHERE s.path[1] = $1 AND g.settled_at IS NULL", Root.Value));
        foreach (var run in _sessions.SelectMany(session => session.Runs).Where(run => run.Id is not null))
            Assert.InRange(await database.ReadAsync<long>("SELECT mark_ms FROM generation WHERE id = $1", run.Id!), run.ConfirmedMs, run.SentMs);
    }

    /// <summary>
    /// No wallet has paid more than it had and the documented overrun: for each run that went on past what was held for it, what one second
    /// more can cost, which its rounding makes a step of.
    /// </summary>
    public async Task AssertWithinBalanceAsync()
    {
        for (var i = 0; i < sample.Tree.Length; i++)
        {
            if (sample.Tree[i].WalletSeconds is null)
                continue;
            var (level, wallet) = (sample.Tree[i], Assert.IsType<WalletRow>(await new WalletStore(database.Database).FindAsync(_customers[i].Id)));
            var unheld = _sessions.Where(session => session.Customer.Path.Contains(_customers[i].Id)).Sum(session => session.Runs.Count(run => run.UnheldMs > 0));
            var second = (long)decimal.Ceiling(Math.Max(level.StepSeconds, level.MinimumSeconds) * level.Micros);

            Assert.InRange(wallet.Balance.Settled, 0, wallet.Balance.Granted + wallet.Balance.CreditLimit!.Value + unheld * second);
            Assert.True(wallet.Balance.Debt <= unheld * second, $"{wallet.Balance.Debt} of debt, {unheld} runs beyond their holds.");
        }

        Assert.All(_sessions, session => Assert.InRange(session.Runs.Sum(run => run.UnheldMs) - (session.Runs.Count - 1) * 1_000L, long.MinValue, 1_000));
    }

    private async Task AdmitAsync(Lane lane, Step step)
    {
        var claim = BuildSessions.ClaimOf(_customers[step.Pick % _customers.Count]);
        var admission = (await CallAsync(lane, step, () => lane.Claims.AdmitAsync(lane.Process, [claim], CancellationToken.None))).Single();
        if (admission.Refused is CloseCode.StorageUnavailable)
            await ReclaimAsync(lane, step with { FaultAt = 0 });
        if (admission.Refused is CloseCode.InsufficientCredits)
            Interlocked.Increment(ref _refused);
        if (admission.Refused is not null)
            return;
        var session = new Live(new SessionOwnership(claim.Session, Root), _customers[step.Pick % _customers.Count], admission.Hold?.AuthorisedMs);
        lane.Sessions.Add(session);
        lock (_gate)
            _sessions.Add(session);
    }

    private async Task OpenAsync(Lane lane, Step step)
    {
        if (Pick(lane, step, session => session.Open is null) is not { } session)
            return;
        var run = session.Begin();
        var opened = new GenerationOpened(session.Generation(run));
        run.Id = (await JournalAsync(lane, step, opened))[0];
        session.IsOver = run.Id is null;
    }

    private async Task FlushAsync(Lane lane, Step step)
    {
        var runs = lane.Sessions.Where(session => !session.IsOver && session.Open?.Id is not null)
            .Select((session, i) => (Session: session, Run: session.Open!, By: (i * 7_919 + step.Amount) % 5_000)).OrderBy(mark => mark.Run.Id).ToList();
        runs.ForEach(mark => mark.Run.Raise(mark.By, mark.Session.MayMark));
        var batch = new MarkBatch([.. runs.Select(mark => mark.Run.Id!.Value)], [.. runs.Select(mark => mark.Session.Ownership.Epoch)], [.. runs.Select(mark => mark.Run.SentMs)]);
        var outcome = await CallAsync(lane, step, () => Task.FromResult(lane.Marks.Flush(lane.Process, batch)));
        if (!outcome.LeaseHeld)
            await ReclaimAsync(lane, step with { FaultAt = 0 });
        else if (outcome.Raised == runs.Count)
            runs.ForEach(mark => mark.Run.ConfirmedMs = mark.Run.SentMs);
        else
            LoseAll(lane, await QuietAsync(() => Task.FromResult(lane.Marks.FindTaken(batch))));
    }

    private async Task SettleAsync(Lane lane, Step step)
    {
        var live = lane.Sessions.Where(session => !session.IsOver && session.Open is not null).Skip(step.Pick % 2).ToList();
        if (live.Count == 0)
            return;
        var due = live.ConvertAll(session => new SettlementDue(
            session.Ownership.Session, session.Ownership.Epoch, session.Open!.Ordinal,
            step.Pick % 5 == 0 ? null : HoldRule.Wanted(session.HeldMs ?? 0, session.Open.SentMs, TimeSpan.Zero), BlindMs: 0));
        var answers = await CallAsync(lane, step, () => lane.Billing.SettleAsync(due, CancellationToken.None));
        for (var i = 0; i < answers.Count; i++)
        {
            Assert.NotEqual(SettlementStatus.Failed, answers[i].Status);
            if (answers[i].Status is SettlementStatus.Settled)
                live[i].Hear(answers[i].Hold?.AuthorisedMs);
        }
    }

    private async Task CloseAsync(Lane lane, Step step)
    {
        if (Pick(lane, step, session => session.Open?.Id is not null) is not { Open: { } run } session)
            return;
        run.Raise(step.Amount, session.MayMark);
        session.Close(run);
        await JournalAsync(lane, step, new GenerationClosed(session.Generation(run), "disconnect", ClaimedMs: null));
    }

    private async Task EndAsync(Lane lane, Step step)
    {
        if (Pick(lane, step, _ => true) is not { } session)
            return;
        session.IsOver = true;
        var open = session.Open;
        open?.Raise(step.Amount, session.MayEndAt);
        if (open is not null)
            session.Close(open);
        await JournalAsync(lane, step, BuildSessions.EndOf(session.Ownership, CloseCode.Completed, open is null ? [] : [session.Generation(open)]));
    }

    private async Task TopUpAsync(Lane lane, Step step)
    {
        var place = step.Pick % _customers.Count;
        if (sample.Tree[place].WalletSeconds is null)
            return;
        var key = Interlocked.Increment(ref _entries).ToString(CultureInfo.InvariantCulture);
        var micros = 1 + (long)(step.Amount * sample.Tree[place].Micros / 1_000);
        var outcome = await CallAsync(lane, step, () => lane.Wallets.PostAsync(
            _customers[place].Id, new WalletPosting(key, WalletEntryKind.TopUp, micros, "a test", "to be spent")));
        Assert.Null(outcome.Refusal);
    }

    /// <summary>Another process is declared dead and loses a few of its sessions. It may take back the rest.</summary>
    private async Task ReapAsync(Lane lane, Step step)
    {
        var lost = lanes[(step.Lane + 1) % lanes.Count];
        if (lost == lane)
            return;
        await database.LapseAsync(lost.Process);
        await CallAsync(lane, step, () => lane.Processes.DeclareDeadAsync(lane.Process, CancellationToken.None));
        await CallAsync(lane, step, () => lane.Processes.ReapAsync(lane.Process, 1 + step.Pick % 3, CancellationToken.None));
    }

    /// <summary>The process was declared dead and goes on under a new life with what nobody took meanwhile.</summary>
    private async Task ReclaimAsync(Lane lane, Step step)
    {
        await database.DeclareDeadAsync(lane.Process);
        var (process, held) = await CallAsync(lane, step, () => Task.FromResult(lane.Processes.Reclaim(lane.Process, _name)));
        lane.Process = process;
        var epochs = held.ToDictionary(session => session.Session, session => session.Epoch);
        foreach (var session in lane.Sessions.Where(session => !session.IsOver))
        {
            if (epochs.TryGetValue(session.Ownership.Session, out var epoch))
                session.Ownership.Reclaim(epoch);
            else
                session.IsOver = true;
        }
    }

    private static void LoseAll(Lane lane, IReadOnlySet<long> taken)
    {
        foreach (var session in lane.Sessions.Where(session => session.Open?.Id is { } id && taken.Contains(id)))
            session.IsOver = true;
    }

    private static Live? Pick(Lane lane, Step step, Func<Live, bool> isFit)
    {
        var fit = lane.Sessions.Where(session => !session.IsOver && isFit(session)).ToList();
        return fit.Count == 0 ? null : fit[step.Pick % fit.Count];
    }

    private Task<IReadOnlyList<long?>> JournalAsync(Lane lane, Step step, JournalEntry entry) =>
        CallAsync(lane, step, () => lane.Journal.WriteAsync(lane.Process, JournalBatch.Of([entry]), CancellationToken.None));

    private Task<T> QuietAsync<T>(Func<Task<T>> call) => CallAsync(lanes[0], new Step(0, "", 0, 0, "", 0), call);

    /// <summary>Makes a call under the step's fault, and again until it is answered.</summary>
    private async Task<T> CallAsync<T>(Lane lane, Step step, Func<Task<T>> call)
    {
        var loses = step is { FaultAt: > 0, Fault: "answer lost" };
        if (step.FaultAt > 0 && !loses)
            await Faults.SetAsync(database, lane.Number, step.Fault, step.FaultAt);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answer = await call();
                if (step.FaultAt > 0 && !loses)
                    await Faults.SetAsync(database, lane.Number, "", 0);
                if (!loses)
                    return answer;
                loses = false;
            }
            catch (Exception exception) when (attempt < Patience && Faults.IsPassing(exception))
            {
                await Faults.SetAsync(database, lane.Number, "", 0);
            }

            Interlocked.Increment(ref _struck);
        }
    }
}
