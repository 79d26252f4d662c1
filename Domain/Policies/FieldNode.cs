using System.Text;
using System.Text.Json;

namespace Orchestrator.Domain.Policies;

/// <summary>
/// What the rules say of the fields of one type, as a tree along their paths, so that one walk over a frame holds it against all of
/// them. What no rule names is skipped. A repeated field is looked at each time.
/// </summary>
internal sealed class FieldNode(string path)
{
    private readonly List<(byte[] Name, FieldNode Node)> _members = [];
    private FieldNode? _elements;

    /// <summary>Where it stands, as rules name it.</summary>
    public string Path => path;

    /// <summary>Whether the client may not touch it.</summary>
    public bool IsLocked { get; set; }

    /// <summary>How long its text may be.</summary>
    public int? MaxCharacters { get; set; }

    /// <summary>What its image may be.</summary>
    public ImageRule? Image { get; set; }

    /// <summary>What is judged of it, by a webhook.</summary>
    public ContentKind? Judged { get; set; }

    private bool HoldsLock { get; set; }

    private bool IsText => MaxCharacters is not null || Image is not null || Judged is not null;

    /// <summary>The node of that path below this one, made if there is none.</summary>
    public FieldNode At(string below)
    {
        var node = this;
        foreach (var step in FieldPath.StepsOf(below))
            node = step.Length == 0 ? node._elements ??= new FieldNode(node.Path + "[]") : node.Member(step);
        return node;
    }

    /// <summary>Locks that path below this one; whoever replaces what is above it touches it too.</summary>
    public void Lock(string below)
    {
        var node = this;
        foreach (var step in FieldPath.StepsOf(below))
        {
            node.HoldsLock = true;
            node = step.Length == 0 ? node._elements ??= new FieldNode(node.Path + "[]") : node.Member(step);
        }

        node.IsLocked = true;
    }

    /// <summary>Holds a whole frame against the rules; what the reader cannot read is refused by exception.</summary>
    public FrameVerdict Judge(ReadOnlySpan<byte> frame)
    {
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = 64 });
        reader.Read();
        var verdict = Judge(ref reader, found: null);
        // The rest is read too: what is cut off or goes on behind its end is no frame.
        while (verdict.IsPass && reader.Read())
            continue;
        return verdict;
    }

    /// <summary>Shows what is judged of a frame that passed, in its order.</summary>
    public void Show(ReadOnlySpan<byte> frame, FoundContent found)
    {
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = 64 });
        reader.Read();
        Judge(ref reader, found);
    }

    private FrameVerdict Judge(ref Utf8JsonReader reader, FoundContent? found)
    {
        if (IsLocked)
            return new FrameVerdict(PolicyRule.LockedField, Path);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when _members.Count > 0:
                return JudgeMembers(ref reader, found);
            case JsonTokenType.StartArray when _elements is not null:
                return JudgeElements(ref reader, found);
            case JsonTokenType.String when IsText:
                return JudgeText(ref reader, found);
        }

        // Not of the form that the rules are about. Nothing takes away what is locked below; where a text should be there is none to hold.
        var isNothing = reader.TokenType is JsonTokenType.Null or JsonTokenType.True or JsonTokenType.False;
        reader.Skip();
        return HoldsLock ? new FrameVerdict(PolicyRule.LockedField, Path) : isNothing ? FrameVerdict.Passes : new FrameVerdict(PolicyRule.Unreadable, Path);
    }

    private FrameVerdict JudgeMembers(ref Utf8JsonReader reader, FoundContent? found)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var member = Find(ref reader);
            reader.Read();
            if (member is null)
                reader.Skip();
            else if (member.Judge(ref reader, found) is { IsPass: false } verdict)
                return verdict;
        }

        return FrameVerdict.Passes;
    }

    private FrameVerdict JudgeElements(ref Utf8JsonReader reader, FoundContent? found)
    {
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (_elements!.Judge(ref reader, found) is { IsPass: false } verdict)
                return verdict;
        }

        return FrameVerdict.Passes;
    }

    private FrameVerdict JudgeText(ref Utf8JsonReader reader, FoundContent? found)
    {
        if (found is not null)
        {
            if (Judged is { } kind)
                found(kind, reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan);
            return FrameVerdict.Passes;
        }

        // A character takes at least a byte, so what is short in bytes needs no counting.
        if (MaxCharacters is { } most && reader.ValueSpan.Length > most && CharactersOf(ref reader) > most)
            return new FrameVerdict(PolicyRule.TextLength, Path, most);
        return Image is { } rule ? ImageText.Judge(reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan, rule, Path) : FrameVerdict.Passes;
    }

    private static int CharactersOf(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? reader.GetString()!.Length : Encoding.UTF8.GetCharCount(reader.ValueSpan);

    private FieldNode? Find(ref Utf8JsonReader reader)
    {
        foreach (var (name, node) in _members)
        {
            if (reader.ValueTextEquals(name))
                return node;
        }

        return null;
    }

    private FieldNode Member(string name)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        var node = _members.Find(member => member.Name.AsSpan().SequenceEqual(utf8)).Node;
        if (node is not null)
            return node;
        node = new FieldNode(Path.Length == 0 ? name : $"{Path}.{name}");
        _members.Add((utf8, node));
        return node;
    }
}

/// <summary>Takes content that was found in a frame; the bytes are the caller's again afterwards.</summary>
/// <param name="kind">What it is.</param>
/// <param name="utf8">The text as it was meant, its escapes undone.</param>
public delegate void FoundContent(ContentKind kind, ReadOnlySpan<byte> utf8);
