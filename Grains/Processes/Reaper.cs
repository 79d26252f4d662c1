using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Processes;

/// <summary>
/// Finishes the sessions of processes that were lost: in every process, each second. Several may try at once; the rows
/// decide who takes which session, and each gets its one end.
/// </summary>
public sealed partial class Reaper(IProcessStore store, ProcessLease lease, LostCalls calls, SessionMetrics metrics, ILogger<Reaper> logger)
{
    /// <summary>How many sessions are taken in one transaction.</summary>
    public const int BatchSize = 200;

    /// <summary>One turn: declares whose lease has lapsed, then takes sessions until none is left.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (lease.MayDeclareDead)
        {
            foreach (var dead in await store.DeclareDeadAsync(lease.Process, cancellationToken))
                LogDeclaredDead(dead);
        }

        var settled = await calls.LookAsync(lease.Process, cancellationToken);
        IReadOnlyList<ReapedSession> reaped;
        do
        {
            reaped = await store.ReapAsync(lease.Process, BatchSize, settled, cancellationToken);
            if (reaped.Count == 0)
                return;
            metrics.SessionsReaped(reaped.Count);
            LogReaped(reaped.Count, reaped.Sum(session => session.GeneratedMs));
        }
        while (reaped.Count == BatchSize);
    }

    [LoggerMessage(1301, LogLevel.Warning, "Process {Process} has let its lease lapse and is declared dead")]
    private partial void LogDeclaredDead(long process);

    [LoggerMessage(1302, LogLevel.Warning, "Finished {Sessions} sessions of lost processes, {Milliseconds} ms in their ledgers")]
    private partial void LogReaped(int sessions, long milliseconds);
}
