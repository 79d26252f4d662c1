using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Hosting.Documents;

/// <summary>
/// What a grain keeps beyond its life: one small value under the grain's own key. A constructor parameter of the grain, served by
/// every host; <see cref="DocumentServices.AddDocument"/> names what may be kept.
/// </summary>
/// <remarks>
/// A call reads before it looks. The value may be another at the next call, so nothing is derived from it and kept in a field. Where
/// the store does not answer, every method throws <see cref="DocumentUnavailableException"/>.
/// </remarks>
/// <typeparam name="T">A record that travels as JSON; members may be added to it, none is renamed.</typeparam>
public interface IGrainDocument<T> where T : class
{
    /// <summary>What was read or written last; null while there is no document. Throws before the first read, and when that is not known any more.</summary>
    T? Value { get; }

    /// <summary>Which version that is, for the host that gave it and nobody else to understand; null where there never was one.</summary>
    string? ETag { get; }

    /// <summary>Makes sure that <see cref="Value"/> is known and as fresh as the host promises. Most often asks nobody.</summary>
    Task EnsureReadAsync(CancellationToken cancellationToken);

    /// <summary>Reads, whatever is known.</summary>
    Task ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the document if it is still the version of <see cref="ETag"/>. After any other end than
    /// <see cref="DocumentOutcome.Written"/> nothing is known of it until it is read again, and the grain ends when it is idle.
    /// </summary>
    Task<DocumentOutcome> WriteAsync(T value, DocumentChange change, CancellationToken cancellationToken);

    /// <summary>Empties the document, on the same terms. Its next version is none that it ever had.</summary>
    Task<DocumentOutcome> ClearAsync(DocumentChange change, CancellationToken cancellationToken);
}

/// <summary>What became of a write.</summary>
public enum DocumentOutcome
{
    /// <summary>It is what is kept now.</summary>
    Written,
    /// <summary>Somebody else wrote since it was read; nothing was changed.</summary>
    Stale,
}

/// <summary>A change as the audit tells it.</summary>
/// <param name="About">Whose affairs it is about; null for the platform's own.</param>
/// <param name="Actor">Who wants it.</param>
/// <param name="Action">What is done, such as <c>settings_set</c>.</param>
/// <param name="Detail">Written as a JSON object; it holds no secret.</param>
public sealed record DocumentChange(TenantId? About, string Actor, string Action, object Detail);

/// <summary>The store does not answer, and may answer again. Whether a write took effect is then unknown.</summary>
public sealed class DocumentUnavailableException(string message, Exception? cause = null) : TimeoutException(message, cause);
