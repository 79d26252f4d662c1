using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Processes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Processes;

/// <summary>
/// Looks out for the one outage in which sessions must not go on: the database answers others and not this process, so that
/// others are about to take them. Then they end here, in order and in good time: their providers are hung up, their ends wait
/// in the journal, and are written unless somebody else did it before the database can be reached again.
/// </summary>
public sealed partial class IsolationWatch(ProcessLease lease, SessionRegistry sessions, IPeers peers, TimeProvider time, ILogger<IsolationWatch> logger)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long peers have to answer.</summary>
    public static readonly TimeSpan AskTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>A renewal that began longer ago than this is overdue: three were due meanwhile.</summary>
    public static readonly TimeSpan Overdue = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// How many looks in a row must find it overdue before anybody is asked. A process that was frozen wakes up with an old renewal
    /// and has not tried another one yet; looks that it did not make do not count, so it gets two seconds for that.
    /// </summary>
    public const int OverdueLooks = 20;

    private int _looks;
    private bool _letGo;

    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (lease.SinceRenewal is not { } since || since < Overdue)
        {
            (_looks, _letGo) = (0, false);
            return;
        }

        if (++_looks < OverdueLooks || since < LeaseRule.Patience - AskTimeout || sessions.Count == 0)
            return;
        var answers = await AskAsync(cancellationToken);
        // It may have been renewed while they were asked.
        if (lease.SinceRenewal is { } now && LeaseRule.MustLetGo(now, answers))
            LetGo(now);
    }

    private async Task<IReadOnlyList<PeerRenewal>> AskAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AskTimeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            // One who does not keep the time is not waited for.
            return await peers.AskAsync(over.Token).WaitAsync(AskTimeout * 1.5, time, cancellationToken);
        }
#pragma warning disable CA1031 // Who cannot be asked has not answered, whatever the reason.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogAskFailed(exception);
            return [];
        }
    }

    private void LetGo(TimeSpan since)
    {
        if (!_letGo)
            LogLetGo(sessions.Count, since.TotalSeconds);
        _letGo = true;
        foreach (var relay in sessions.All.Where(relay => relay.State.Phase is not SessionPhase.Ended))
            relay.Post(new SessionEvent.CloseRequested(CloseCode.ProcessIsolated));
    }

    [LoggerMessage(1331, LogLevel.Error,
        "The database answers others and has not answered this process for {Seconds:0.0} s; its {Sessions} sessions are ended before they are taken from it")]
    private partial void LogLetGo(int sessions, double seconds);

    [LoggerMessage(1332, LogLevel.Debug, "The peers could not be asked")]
    private partial void LogAskFailed(Exception exception);
}
