using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Tenants;

namespace Orchestrator.Grains.Tenants;

/// <summary>A document of a tenant that remembers from where in the tree it was set.</summary>
public interface ISetFromAbove
{
    /// <summary>Where in its tree the one stands that set it, a root at 1. Tenants do not move.</summary>
    int SetAtDepth { get; }
}

/// <summary>The rule for changing one: nobody undoes what was set above him, and nobody replaces a version that he was not told of.</summary>
internal static class SetFromAboveDocuments
{
    /// <summary>Writes if that may be; the document is as it stands afterwards, whatever comes of it.</summary>
    /// <param name="document">The document.</param>
    /// <param name="depth">Where in the tree the one stands who wants it.</param>
    /// <param name="etag">The version that he was told of; null where there was none.</param>
    /// <param name="write">Writes or clears.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<SettingsOutcome> ChangeAsync<T>(
        this IGrainDocument<T> document, int depth, string? etag, Func<Task<DocumentOutcome>> write, CancellationToken cancellationToken) where T : class, ISetFromAbove
    {
        await document.EnsureReadAsync(cancellationToken);
        // Who wants it may have been told of a later version by another process.
        if (document.ETag != etag)
            await document.ReadAsync(cancellationToken);
        if (document.ETag != etag)
            return SettingsOutcome.Stale;
        if (!TenantSettings.MayBeChangedFrom(depth, document.Value?.SetAtDepth))
            return SettingsOutcome.SetAbove;

        if (await write() is DocumentOutcome.Written)
            return SettingsOutcome.Written;
        await document.ReadAsync(cancellationToken);
        return SettingsOutcome.Stale;
    }
}
