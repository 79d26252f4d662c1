using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// Many small questions to the billing grains of this process's trees, as few large calls: one call to each grain is under way at a
/// time and takes what gathered meanwhile. A thousand questions a second then cost some tens of transactions, and a tree
/// that is slow delays no other.
/// </summary>
internal sealed class Gatherer<TItem, TAnswer>(int maxBatch, Func<TenantId, IReadOnlyList<TItem>, Task<IReadOnlyList<TAnswer>>> call)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, List<Waiting>> _waiting = [];

    /// <summary>Asks the grain of this tree, soon. Fails as the call does that carries the question.</summary>
    public Task<TAnswer> AskAsync(TenantId root, TItem item)
    {
        var waiting = new Waiting(item);
        lock (_gate)
        {
            // A list stands for a tree as long as somebody is asking it.
            if (_waiting.TryGetValue(root, out var others))
            {
                others.Add(waiting);
                return waiting.Answer.Task;
            }

            _waiting.Add(root, [waiting]);
        }

        _ = Background.RunAsync(() => AskAllAsync(root));
        return waiting.Answer.Task;
    }

    private async Task AskAllAsync(TenantId root)
    {
        while (TryTake(root, out var batch))
        {
            try
            {
                var answers = await call(root, batch.ConvertAll(waiting => waiting.Item));
                for (var i = 0; i < batch.Count; i++)
                    batch[i].Answer.TrySetResult(answers[i]);
            }
#pragma warning disable CA1031 // Whatever went wrong is told to everybody who asked, and the next batch goes out.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                batch.ForEach(waiting => waiting.Answer.TrySetException(exception));
            }
        }
    }

    private bool TryTake(TenantId root, out List<Waiting> batch)
    {
        lock (_gate)
        {
            var waiting = _waiting[root];
            batch = waiting.Count <= maxBatch ? waiting : waiting.GetRange(0, maxBatch);
            if (batch.Count == 0)
            {
                _waiting.Remove(root);
                return false;
            }

            _waiting[root] = waiting.Count <= maxBatch ? [] : waiting.GetRange(maxBatch, waiting.Count - maxBatch);
            return true;
        }
    }

    private sealed record Waiting(TItem Item)
    {
        public TaskCompletionSource<TAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
