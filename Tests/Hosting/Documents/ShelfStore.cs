using System.Globalization;
using Orchestrator.Grains.Hosting.Documents;

namespace Orchestrator.Tests.Hosting.Documents;

/// <summary>Documents in memory, behind a wire that a test may cut before or after the store has done what it was asked.</summary>
internal sealed class ShelfStore : IDocumentStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DocumentKey, (long Version, string? Body)> _shelf = [];

    /// <summary>How often it was read.</summary>
    public int Reads { get; private set; }

    /// <summary>The wire is cut before anything reaches it.</summary>
    public bool IsAway { get; set; }

    /// <summary>The next write is done, and its answer lost.</summary>
    public bool LosesNextAnswer { get; set; }

    /// <summary>It does not answer and does not fail.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Done when it was asked while it was silent.</summary>
    public TaskCompletionSource Silenced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public TimeSpan FreshFor { get; init; } = TimeSpan.MaxValue;

    /// <summary>What is kept.</summary>
    public string? BodyOf(DocumentKey key)
    {
        lock (_gate)
            return _shelf.GetValueOrDefault(key).Body;
    }

    /// <summary>Puts it there behind every grain's back.</summary>
    public void Put(DocumentKey key, string? body)
    {
        lock (_gate)
            _shelf[key] = (_shelf.GetValueOrDefault(key).Version + 1, body);
    }

    /// <inheritdoc/>
    public async Task<StoredDocument?> ReadAsync(DocumentKey key, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        lock (_gate)
        {
            Reads++;
            return _shelf.TryGetValue(key, out var kept) ? new StoredDocument(kept.Version.ToString(CultureInfo.InvariantCulture), kept.Body) : null;
        }
    }

    /// <inheritdoc/>
    public async Task<string?> WriteAsync(DocumentKey key, string? etag, string? body, DocumentChange change, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        lock (_gate)
        {
            var version = _shelf.TryGetValue(key, out var kept) ? kept.Version.ToString(CultureInfo.InvariantCulture) : null;
            if (version != etag)
                return null;
            _shelf[key] = (kept.Version + 1, body);
            if (LosesNextAnswer)
            {
                LosesNextAnswer = false;
                throw new IOException("the answer was lost");
            }

            return (kept.Version + 1).ToString(CultureInfo.InvariantCulture);
        }
    }

    bool IDocumentStore.IsAway(Exception exception) => exception is IOException;

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (IsSilent)
        {
            var never = new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            Silenced.TrySetResult();
            await never;
        }

        if (IsAway)
            throw new IOException("the wire is cut");
    }
}
