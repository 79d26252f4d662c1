using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>Step 9: freezes what targets have gathered into batches. From then on nothing of a batch changes but what becomes of it.</summary>
public sealed partial class ExportBatcher(
    IExportFreezer freezer, IExportReissue reissue, UsageSinks sinks, IOptions<ExportOptions> options, ExportMetrics metrics, TimeProvider time, ILogger<ExportBatcher> logger)
{
    /// <summary>One turn: every target that is due, and every batch that is to be issued anew. A target that fails is named, and holds up no other.</summary>
    /// <returns>How many batches were frozen.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken) =>
        await AllAsync((failed, write) => freezer.FreezeAsync(options.Value.Window, failed, write, cancellationToken))
        + await AllAsync((failed, write) => reissue.ReissueAsync(failed, write, cancellationToken));

    private async Task<int> AllAsync(Func<IReadOnlyCollection<Guid>, Func<FreezingTarget, IReadOnlyList<ExportBatch>, IReadOnlyList<FrozenEvent>>, Task<Frozen>> freeze)
    {
        var failed = new HashSet<Guid>();
        var events = 0;
        while (true)
        {
            Guid? current = null;
            try
            {
                var frozen = await freeze(failed, Write);
                if (frozen.Target is null)
                    return events;
                events += frozen.Events;
                metrics.Frozen(frozen.Events);
            }
            catch (Exception exception) when (exception is not OperationCanceledException && current is not null)
            {
                LogFreezeFailed(exception, current.Value);
                failed.Add(current.Value);
            }

            IReadOnlyList<FrozenEvent> Write(FreezingTarget target, IReadOnlyList<ExportBatch> batches)
            {
                current = target.Id;
                return [.. batches.Select(batch => WriteOne(target, batch))];
            }
        }
    }

    private FrozenEvent WriteOne(FreezingTarget target, ExportBatch batch)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var identifier = ExportIdentifier.Of(target.Id, id);
        var body = batch.Value == 0 ? "" : sinks[target.Kind].Freeze(new UsageToFreeze(target.Address, identifier, batch.Value, batch.At));
        return new FrozenEvent(id, identifier, batch, body);
    }

    [LoggerMessage(1221, LogLevel.Error, "The usage of export target {Target} cannot be frozen")]
    private partial void LogFreezeFailed(Exception exception, Guid target);
}
