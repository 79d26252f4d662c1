using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Hosting.Documents;

/// <summary>
/// A grain's document over any store. It forgets what it knew whenever what is kept may be something else, so a grain cannot go on
/// with a value that another has replaced.
/// </summary>
public sealed partial class GrainDocument<T>(IGrainLife life, DocumentKind<T> kind, IDocumentStore store, TimeProvider time, ILogger<GrainDocument<T>> logger)
    : IGrainDocument<T> where T : class
{
    /// <summary>The largest document, in bytes of JSON.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>How long the store may take: a turn has up to three questions.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly DocumentKey _key = new(kind.Name, life.Key);
    private T? _value;
    private string? _etag;
    private long _readAt;
    private bool _isKnown;

    /// <inheritdoc/>
    public T? Value => _isKnown ? _value : throw NotRead();

    /// <inheritdoc/>
    public string? ETag => _isKnown ? _etag : throw NotRead();

    /// <inheritdoc/>
    public Task EnsureReadAsync(CancellationToken cancellationToken) =>
        _isKnown && time.GetElapsedTime(_readAt) < store.FreshFor ? Task.CompletedTask : ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var readAt = time.GetTimestamp();
        var stored = await AskAsync(token => store.ReadAsync(_key, token), cancellationToken);
        Know(stored?.Body is null ? null : Parse(stored), stored?.ETag, readAt);
    }

    /// <inheritdoc/>
    public Task<DocumentOutcome> WriteAsync(T value, DocumentChange change, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.Serialize(value, ContractJson.Options);
        return Encoding.UTF8.GetByteCount(body) <= MaxBytes
            ? ChangeAsync(value, body, change, cancellationToken)
            : throw new ArgumentException($"{_key} would be larger than {MaxBytes} bytes; its grain lets in more than it may.", nameof(value));
    }

    /// <inheritdoc/>
    public Task<DocumentOutcome> ClearAsync(DocumentChange change, CancellationToken cancellationToken) =>
        Value is null ? Task.FromResult(DocumentOutcome.Written) : ChangeAsync(value: null, body: null, change, cancellationToken);

    private async Task<DocumentOutcome> ChangeAsync(T? value, string? body, DocumentChange change, CancellationToken cancellationToken)
    {
        var (etag, at) = (ETag, time.GetTimestamp());
        if (await AskAsync(token => store.WriteAsync(_key, etag, body, change, token), cancellationToken) is { } written)
        {
            Know(value, written, at);
            return DocumentOutcome.Written;
        }

        Forget();
        return DocumentOutcome.Stale;
    }

    private async Task<TAnswer> AskAsync<TAnswer>(Func<CancellationToken, Task<TAnswer>> question, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await question(either.Token);
        }
        catch (Exception exception)
        {
            // A write may have gone through all the same.
            Forget();
            if (cancellationToken.IsCancellationRequested || !(timeout.IsCancellationRequested || store.IsAway(exception)))
                throw;
            LogUnavailable(exception, kind.Name, life.Key);
            throw new DocumentUnavailableException($"The store of {_key} does not answer.", exception);
        }
    }

    private T Parse(StoredDocument stored)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(stored.Body!, ContractJson.Options) ?? throw new JsonException("It says null.");
        }
        catch (JsonException exception)
        {
            Forget();
            throw new InvalidDataException($"{_key}, version {stored.ETag}, is no {typeof(T).Name}.", exception);
        }
    }

    private void Know(T? value, string? etag, long at) => (_value, _etag, _readAt, _isKnown) = (value, etag, at, true);

    private void Forget()
    {
        Know(null, null, 0);
        _isKnown = false;
        life.EndWhenIdle();
    }

    private InvalidOperationException NotRead() => new($"What {_key} says is not known; read it first.");

    [LoggerMessage(1013, LogLevel.Debug, "The store of document {Kind} {Key} does not answer")]
    private partial void LogUnavailable(Exception exception, string kind, string key);
}
