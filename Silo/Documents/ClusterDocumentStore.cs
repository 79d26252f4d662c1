using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Storage;
using Orchestrator.Storage.Tenants;
using Orleans.Storage;

namespace Orchestrator.Silo.Documents;

/// <summary>
/// Documents of grains where Orleans persists its grains. Its write is a statement of its own, so the audit has its row before:
/// nothing changes without one, and one may tell of a change that another overtook.
/// </summary>
internal sealed class ClusterDocumentStore(IGrainStorage storage, Database database) : IDocumentStore
{
    /// <summary>For ever: a key has one grain in the cluster, and who writes behind its back meets another version.</summary>
    public TimeSpan FreshFor => TimeSpan.MaxValue;

    /// <inheritdoc/>
    public async Task<StoredDocument?> ReadAsync(DocumentKey key, CancellationToken cancellationToken)
    {
        var state = new GrainState<KeptDocument>(KeptDocument.None);
        await storage.ReadStateAsync(key.Kind, IdOf(key), state).WaitAsync(cancellationToken);
        return state.ETag is null ? null : new StoredDocument(state.ETag, state.RecordExists ? state.State?.Body : null);
    }

    /// <inheritdoc/>
    public async Task<string?> WriteAsync(DocumentKey key, string? etag, string? body, DocumentChange change, CancellationToken cancellationToken)
    {
        await using (var connection = await database.Source.OpenConnectionAsync(cancellationToken))
            await AuditTrail.WriteAsync(connection, change.About, change.Actor, change.Action, DetailOf(change), cancellationToken);

        var state = new GrainState<KeptDocument>(new KeptDocument(body), etag) { RecordExists = etag is not null };
        try
        {
            var write = body is null ? storage.ClearStateAsync(key.Kind, IdOf(key), state) : storage.WriteStateAsync(key.Kind, IdOf(key), state);
            await write.WaitAsync(cancellationToken);
            return state.ETag;
        }
        catch (InconsistentStateException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public bool IsAway(Exception exception) => Database.IsAway(exception);

    // In the words of the contracts, as the other store writes it.
    private static JsonElement DetailOf(DocumentChange change) => JsonSerializer.SerializeToElement(change.Detail, ContractJson.Options);

    private static GrainId IdOf(DocumentKey key) => GrainId.Create(key.Kind, key.Key);
}

/// <summary>A document as Orleans' storage handles it.</summary>
/// <param name="Body">JSON; null for none.</param>
internal sealed record KeptDocument(string? Body)
{
    /// <summary>What is there before anything was read.</summary>
    public static KeptDocument None { get; } = new(Body: null);
}

/// <summary>Keeps a document as the JSON that it is, readable by whoever looks into the table.</summary>
internal sealed class DocumentSerializer : IGrainStorageSerializer
{
    /// <inheritdoc/>
    public BinaryData Serialize<T>([AllowNull] T input) => BinaryData.FromString(((KeptDocument)(object)input!).Body!);

    /// <inheritdoc/>
    public T Deserialize<T>(BinaryData input) => (T)(object)new KeptDocument(input.ToString());
}
