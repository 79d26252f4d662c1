using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Tests.Hosting.Documents;

/// <summary>A little document.</summary>
public sealed record Note(IReadOnlyList<string> Lines);

/// <summary>A note as it stands.</summary>
public sealed record StandingNote(IReadOnlyList<string>? Lines, string? ETag);

/// <summary>Keeps a note.</summary>
[Grain]
public interface INoteGrain
{
    /// <summary>What it says.</summary>
    Task<StandingNote> ReadAsync();

    /// <summary>Adds a line, whatever stands there.</summary>
    Task<DocumentOutcome> AddAsync(string line);

    /// <summary>Replaces that version.</summary>
    Task<DocumentOutcome> ReplaceAsync(IReadOnlyList<string>? lines, string? etag);

    /// <summary>Looks without reading.</summary>
    Task<string?> PeekAsync();
}

/// <inheritdoc cref="INoteGrain"/>
public class NoteGrain(IGrainLife life, IGrainDocument<Note> note) : INoteGrain
{
    private readonly DocumentChange _change = new(About: null, life.Key, "note_set", new { });

    public async Task<StandingNote> ReadAsync()
    {
        await note.EnsureReadAsync(CancellationToken.None);
        return new StandingNote(note.Value?.Lines, note.ETag);
    }

    public async Task<DocumentOutcome> AddAsync(string line)
    {
        await note.EnsureReadAsync(CancellationToken.None);
        return await note.WriteAsync(new Note([.. note.Value?.Lines ?? [], line]), _change, CancellationToken.None);
    }

    public async Task<DocumentOutcome> ReplaceAsync(IReadOnlyList<string>? lines, string? etag)
    {
        await note.ReadAsync(CancellationToken.None);
        if (note.ETag != etag)
            return DocumentOutcome.Stale;
        return lines is null ? await note.ClearAsync(_change, CancellationToken.None) : await note.WriteAsync(new Note(lines), _change, CancellationToken.None);
    }

    public Task<string?> PeekAsync() => Task.FromResult(note.ETag);
}
