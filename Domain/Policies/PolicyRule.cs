namespace Orchestrator.Domain.Policies;

/// <summary>What a frame went against. Its name in snake case is what the timeline and the metrics call it, and never changes.</summary>
public enum PolicyRule
{
    /// <summary>Nothing: it passes.</summary>
    None,
    /// <summary>It cannot be held against the policy: no object, no one plain <c>type</c>, or not of the form that a rule needs.</summary>
    Unreadable,
    /// <summary>Frames of its type may not pass.</summary>
    Type,
    /// <summary>It touches a locked field.</summary>
    LockedField,
    /// <summary>A text is too long.</summary>
    TextLength,
    /// <summary>An image is too large.</summary>
    ImageSize,
    /// <summary>An image is of another format, or none that is known.</summary>
    ImageFormat,
    /// <summary>There were too many of its type.</summary>
    Rate,
    /// <summary>The tenant's webhook refused it.</summary>
    Moderation,
    /// <summary>The tenant's webhook gave no answer.</summary>
    ModerationFailed,
}

/// <summary>What one set of rules says of one frame.</summary>
/// <param name="Rule">What it goes against.</param>
/// <param name="Path">The field, where it is about one.</param>
/// <param name="Limit">The number, where it is about one.</param>
public readonly record struct FrameVerdict(PolicyRule Rule, string? Path = null, int Limit = 0)
{
    /// <summary>It passes.</summary>
    public static FrameVerdict Passes => default;

    /// <summary>Whether it passes.</summary>
    public bool IsPass => Rule is PolicyRule.None;

    /// <summary>
    /// Why, in words for the end user. What will be refused again holds words on which published clients stop to try; what may pass
    /// later holds none.
    /// </summary>
    public string Words => Rule switch
    {
        PolicyRule.Unreadable       => "Message not allowed: it cannot be read",
        PolicyRule.Type             => "Message not allowed: messages of this type are not for this session",
        PolicyRule.LockedField      => $"Change not allowed: {Path} is fixed for this session",
        PolicyRule.TextLength       => $"Text not allowed: it has more than {Limit} characters",
        PolicyRule.ImageSize        => $"Image not allowed: it has more than {Limit} bytes",
        PolicyRule.ImageFormat      => "Image not allowed: it is of another format than this session takes",
        PolicyRule.Rate             => "Too many messages of this type, please wait a moment",
        PolicyRule.Moderation       => "Content not allowed",
        PolicyRule.ModerationFailed => "The content could not be checked, please try again later",
        _                           => "",
    };
}
