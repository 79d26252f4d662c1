using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions.Journal;

namespace Orchestrator.Benchmarks.Ledger;

/// <summary>
/// Lets sessions live through their time, half a second at a time and as fast as the books follow. In each half second, half of
/// them hear a tick, timers fire and one flush is made; settlements go their own way, as in production: time waits only for a flush that is
/// not back by the next, and for a session whose next chunk is not held when it needs it.
/// </summary>
internal sealed class SessionTime(LedgerWorld world, SessionClock clock, IReadOnlyList<LiveSession> sessions)
{
    /// <summary>Sessions begin within one chunk of a hold, so that their renewals lie evenly.</summary>
    private const int Groups = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Customers take sessions in turn, so every customer has some in every group.
    private readonly IReadOnlyList<LiveSession>[] _groups =
        [.. Enumerable.Range(0, Groups).Select(group => sessions.Where((_, i) => i / world.Customers.Count % Groups == group).ToList())];
    private readonly MarkFlusher _flusher = world.The<MarkFlusher>();
    private readonly Settler _settler = world.SettlerBy(clock);
    private Task _flush = Task.CompletedTask;
    private Task _settling = Task.CompletedTask;
    private Task _looking = Task.CompletedTask;
    private int _step;

    /// <summary>Every session begins, one group each half second.</summary>
    public async Task StartAllAsync()
    {
        for (var group = 0; group < Groups; group++)
        {
            foreach (var session in _groups[group])
                session.Start();
            await world.The<SessionJournal>().DrainAsync(CancellationToken.None);
            await StepAsync(group);
        }
    }

    /// <summary>So many seconds go by.</summary>
    public async Task LiveAsync(int seconds)
    {
        for (var half = 0; half < 2 * seconds; half++)
            await StepAsync(Groups - 1);
    }

    /// <summary>Done when nothing is under way any more of what these seconds caused: marks are durable, and what was due is settled.</summary>
    public async Task CatchUpAsync()
    {
        await _flush;
        _flusher.FlushOnce();
        await _settling;
        await _looking;
        foreach (var session in sessions)
            await WhenHeldAsync(session);
        if (sessions.FirstOrDefault(session => session.IsSpent) is { } spent)
            throw new InvalidOperationException($"Session {spent.Ownership.Session} was ended for want of credit.");
    }

    private async Task StepAsync(int started)
    {
        _step++;
        clock.Advance(MarkFlusher.Interval);
        for (var group = _step % 2; group < Groups; group += 2)
        {
            // It has not begun, or generated less than a second.
            if (group > started || _step < group + 2)
                continue;
            foreach (var session in _groups[group])
            {
                if (!session.MayTick)
                    await WhenHeldAsync(session);
                session.Tick();
            }
        }

        await _flush;
        _flush = Task.Run(_flusher.FlushOnce);
        if (_step % 2 == 0)
            LookForWork();
    }

    /// <summary>What each process looks for every second, unless it is still at it.</summary>
    private void LookForWork()
    {
        if (_settling.IsCompletedSuccessfully)
            _settling = _settler.RunAsync(CancellationToken.None);
        if (_looking.IsCompletedSuccessfully)
            _looking = world.The<Settlements>().RunAsync(CancellationToken.None);
    }

    private static async Task WhenHeldAsync(LiveSession session)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!session.MayTick)
        {
            if (session.IsSpent)
                throw new InvalidOperationException($"Session {session.Ownership.Session} was ended for want of credit.");
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
                throw new TimeoutException($"Session {session.Ownership.Session} got no more of its hold within {Patience}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
