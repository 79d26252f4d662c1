using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Grains.Billing.Export.Sinks;

/// <summary>
/// Lines of JSON in files below the operator's directory: <c>tenant/name/day.ndjson</c>. A line is on the disk before it counts as
/// sent, and one that is there already is not written again: a day's file is read first, and nobody else writes to it meanwhile.
/// </summary>
public sealed class FileSink(IOptions<ExportOptions> options) : IUsageSink
{
    private readonly string? _directory = options.Value.Directory is { } directory ? Path.GetFullPath(directory) : null;

    /// <inheritdoc/>
    public SinkKind Kind => SinkKind.File;

    /// <inheritdoc/>
    public TimeSpan? MaxAge => null;

    /// <inheritdoc/>
    public string? Flaw(SinkAddress address)
    {
        if (_directory is null)
            return "Export:Directory is not set, so there is no place for files.";
        // A name of letters cannot lead out of the directory, on any system.
        return address.Endpoint is { Length: > 0 and <= 64 } name && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
            ? null
            : "The name of the file must have 1 to 64 letters, digits, _ or -.";
    }

    /// <inheritdoc/>
    public string Freeze(UsageToFreeze usage) => UsageJson.Write(usage);

    /// <inheritdoc/>
    public async Task<SendOutcome> SendAsync(FrozenUsage usage, CancellationToken cancellationToken)
    {
        if (Flaw(usage.Address) is { } flaw)
            return new SendOutcome.Rejected(flaw);
        try
        {
            var path = PathOf(usage);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return await AppendAsync(file, usage, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What was written of a line is found, or cut off, at the next attempt; so nothing is unknown about it.
            return new SendOutcome.Retry(After: null, IsUnknown: false, NewKey: false, exception.GetType().Name);
        }
    }

    /// <inheritdoc/>
    public Task<SendOutcome> CancelAsync(FrozenUsage usage, CancellationToken cancellationToken) =>
        Task.FromResult<SendOutcome>(new SendOutcome.Rejected("this sink gives nothing back"));

    private string PathOf(FrozenUsage usage) => Path.Combine(
        _directory!, usage.Address.Tenant.ToString(), usage.Address.Endpoint!, usage.At.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + ".ndjson");

    private static async Task<SendOutcome> AppendAsync(FileStream file, FrozenUsage usage, CancellationToken cancellationToken)
    {
        var line = Encoding.UTF8.GetBytes(usage.Body + "\n");
        var (end, isThere) = await FindAsync(file, line, cancellationToken);
        if (!isThere)
        {
            // A line without an end was being written when its process died.
            file.SetLength(end);
            file.Position = end;
            await file.WriteAsync(line, cancellationToken);
        }

        // A line that is there may not have reached the disk.
        file.Flush(flushToDisk: true);
        return isThere ? new SendOutcome.Duplicate(usage.Identifier) : new SendOutcome.Accepted();
    }

    /// <summary>Where the last whole line ends, and whether this one is among them. A file holds a day of one target: minutes, not megabytes.</summary>
    private static async Task<(long End, bool IsThere)> FindAsync(FileStream file, byte[] line, CancellationToken cancellationToken)
    {
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes, cancellationToken);
        var end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        for (var from = 0; from < end;)
        {
            var length = bytes.AsSpan(from, end - from).IndexOf((byte)'\n') + 1;
            if (bytes.AsSpan(from, length).SequenceEqual(line))
                return (end, true);
            from += length;
        }

        return (end, false);
    }
}
