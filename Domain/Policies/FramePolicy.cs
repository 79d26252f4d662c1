namespace Orchestrator.Domain.Policies;

/// <summary>
/// What one who is responsible for a session lets its client do: a tenant, one above it, or a client token. What it does not speak
/// of passes. Several of them are combined by <see cref="PolicyCombination"/>; the stricter counts. It travels as JSON, and is what
/// the API reads and shows.
/// </summary>
/// <param name="Mode">Whether it is enforced, or only recorded as if it were.</param>
/// <param name="Client">Which types of frames the client may send.</param>
/// <param name="Upstream">Which types of frames the provider may send to the client.</param>
/// <param name="Locked">Fields that the client may not touch.</param>
/// <param name="OnSideband">What is done where settings were changed as they may not be on a way that does not pass us. Default: it is changed back.</param>
/// <param name="Texts">How long texts may be.</param>
/// <param name="Images">How large images may be, and of which kind.</param>
/// <param name="Rates">How often frames of a type may be sent.</param>
/// <param name="Moderation">Who judges prompts and images.</param>
public sealed record FramePolicy(
    PolicyMode Mode = PolicyMode.Enforce,
    TypeList? Client = null,
    TypeList? Upstream = null,
    IReadOnlyList<LockedField>? Locked = null,
    SidebandAnswer? OnSideband = null,
    IReadOnlyList<TextRule>? Texts = null,
    IReadOnlyList<ImageRule>? Images = null,
    IReadOnlyList<RateRule>? Rates = null,
    ModerationRule? Moderation = null);

/// <summary>Whether a policy is enforced.</summary>
public enum PolicyMode
{
    /// <summary>What it forbids does not pass.</summary>
    Enforce,
    /// <summary>Everything passes; what would not is recorded.</summary>
    DryRun,
}

/// <summary>Which types of frames may pass in one direction.</summary>
/// <param name="Allowed">These and no others; null for all.</param>
/// <param name="Denied">Not these.</param>
public sealed record TypeList(IReadOnlyList<string>? Allowed = null, IReadOnlyList<string>? Denied = null);

/// <summary>A field that the client may not touch: a frame that holds it, or replaces what holds it, is refused.</summary>
/// <param name="Type">The type of frame, such as <c>session.update</c>.</param>
/// <param name="Path">The field, such as <c>session.instructions</c>; see <see cref="FieldPath"/>.</param>
public sealed record LockedField(string Type, string Path);

/// <summary>What is done about a locked field that was changed where we only hear of it.</summary>
public enum SidebandAnswer
{
    /// <summary>It is changed back to what it was.</summary>
    Revert,
    /// <summary>The session ends.</summary>
    End,
}

/// <summary>How long a text may be.</summary>
/// <param name="MaxCharacters">In UTF-16 code units, as JavaScript counts.</param>
/// <param name="Type">The type of frame; without type and path, every prompt of every dialect (<see cref="ContentPlaces"/>).</param>
/// <param name="Path">The field.</param>
public sealed record TextRule(int MaxCharacters, string? Type = null, string? Path = null);

/// <summary>How large an image in Base64 may be, with or without the head of a <c>data:</c> URL.</summary>
/// <param name="MaxBytes">Of the image itself, not of its Base64; null for any size.</param>
/// <param name="Formats">As the image's first bytes tell it; null for any of those that are known.</param>
/// <param name="Type">The type of frame; without type and path, every image of every dialect.</param>
/// <param name="Path">The field.</param>
public sealed record ImageRule(int? MaxBytes = null, IReadOnlyList<ImageFormat>? Formats = null, string? Type = null, string? Path = null);

/// <summary>A format that is told by an image's first bytes.</summary>
public enum ImageFormat
{
    /// <summary>PNG.</summary>
    Png,
    /// <summary>JPEG.</summary>
    Jpeg,
    /// <summary>GIF.</summary>
    Gif,
    /// <summary>WebP.</summary>
    Webp,
}

/// <summary>How often frames of a type may be sent in one session: so many at once, and as many again over the span.</summary>
/// <param name="Type">The type of frame.</param>
/// <param name="Count">How many.</param>
/// <param name="PerMs">In how many milliseconds.</param>
public sealed record RateRule(string Type, int Count, int PerMs);

/// <summary>Who judges what a client says.</summary>
/// <param name="Webhook">Where it is asked; an address of the tenant's.</param>
/// <param name="Secret">What the question is signed with. Where it is kept, as it may be stored; in an answer of the API never.</param>
/// <param name="TimeoutMs">How long the answer may take.</param>
/// <param name="OnFailure">What becomes of a frame that nobody judged.</param>
/// <param name="Judges">What is judged; null for prompts and images.</param>
public sealed record ModerationRule(
    string Webhook, string? Secret, int TimeoutMs = ModerationRule.DefaultTimeoutMs, FailMode OnFailure = FailMode.Closed, IReadOnlyList<ContentKind>? Judges = null)
{
    /// <summary>How long an answer may take where nobody says anything.</summary>
    public const int DefaultTimeoutMs = 2_000;

    /// <summary>Whether it judges such content.</summary>
    public bool IsAbout(ContentKind kind) => Judges is null || Judges.Contains(kind);
}

/// <summary>What becomes of what nobody judged.</summary>
public enum FailMode
{
    /// <summary>It is refused.</summary>
    Closed,
    /// <summary>It passes.</summary>
    Open,
}

/// <summary>What a person sees or says.</summary>
public enum ContentKind
{
    /// <summary>Texts that say what is to be generated.</summary>
    Prompts,
    /// <summary>Images.</summary>
    Images,
}
