using Microsoft.Extensions.Logging;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>
/// The export of a process, turn by turn. Every process has one; rows decide which of them freezes a target or holds a lane.
/// Freezing and sending are apart, so that a slow sink keeps no usage from being frozen.
/// </summary>
public sealed partial class ExportPump(ExportBatcher batcher, ExportSender sender, IExportLanes lanes, ExportMetrics metrics, ILogger<ExportPump> logger)
{
    /// <summary>How often each looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private bool _isLate;

    /// <summary>One turn of all: freezes the targets that are due, then sends what is due.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await FreezeAsync(cancellationToken);
        await SendAsync(cancellationToken);
    }

    /// <summary>Freezes the targets that are due, and looks how late the oldest batch is.</summary>
    public async Task FreezeAsync(CancellationToken cancellationToken)
    {
        await batcher.RunAsync(cancellationToken);
        var oldest = await lanes.OldestUnsentAsync(cancellationToken);
        metrics.OldestUnsent(oldest);
        var isLate = oldest >= ExportMetrics.AlertAge;
        if (isLate && !_isLate)
            LogLate(oldest.GetValueOrDefault());
        _isLate = isLate;
    }

    /// <summary>Sends what is due.</summary>
    public Task SendAsync(CancellationToken cancellationToken) => sender.RunAsync(cancellationToken);

    [LoggerMessage(1227, LogLevel.Error, "The oldest batch of usage has waited for its sink for {Age}")]
    private partial void LogLate(TimeSpan age);
}
