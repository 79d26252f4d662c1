namespace Orchestrator.Grains.Hosting.Documents;

/// <summary>Names a document: its kind, and the key of the grain that keeps it.</summary>
public sealed record DocumentKey(string Kind, string Key);

/// <summary>A document as it is kept.</summary>
/// <param name="ETag">Its version; it was never another's.</param>
/// <param name="Body">JSON; null for one that was emptied.</param>
public sealed record StoredDocument(string ETag, string? Body);

/// <summary>Where documents are kept: a table of ours, or whatever a cluster's host persists its grains in.</summary>
public interface IDocumentStore
{
    /// <summary>
    /// How long a grain may use what it read without asking again: for ever where one key has one grain in the whole cluster, a
    /// moment where each process has its own.
    /// </summary>
    TimeSpan FreshFor { get; }

    /// <summary>The document, or null where there never was one.</summary>
    Task<StoredDocument?> ReadAsync(DocumentKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Writes if the kept version is <paramref name="etag"/> (null: there never was one), with the change's row in the audit:
    /// with it or, where that cannot be, before it, so that nothing changes without one.
    /// </summary>
    /// <returns>The new version, or null when it is another: nothing was changed.</returns>
    Task<string?> WriteAsync(DocumentKey key, string? etag, string? body, DocumentChange change, CancellationToken cancellationToken);

    /// <summary>Whether that failure means that the store does not answer, and may answer again.</summary>
    bool IsAway(Exception exception);
}
