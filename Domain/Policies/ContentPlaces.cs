namespace Orchestrator.Domain.Policies;

/// <summary>A field of the frames of one type.</summary>
public readonly record struct FieldPlace(string Type, string Path);

/// <summary>
/// Where clients say what is to be generated, in all dialects at once: no type is used by two of them for different things. What a
/// client sends over a data channel does not pass us, and is not among these.
/// </summary>
public static class ContentPlaces
{
    /// <summary>Where prompts stand.</summary>
    public static IReadOnlyList<FieldPlace> Prompts { get; } =
    [
        new("prompt", "prompt"),
        new("set_image", "prompt"),
        // Some versions of dialect B begin with what would be a frame of its own.
        new("livekit_join", "initial_state.prompt"),
        new("session.update", "session.instructions"),
        // A call begins with the settings that an update would make.
        new("offer", "session.instructions"),
        new("conversation.item.create", "item.content[].text"),
        new("response.create", "response.instructions"),
        new("response.create", "response.input[].content[].text"),
    ];

    /// <summary>Where images stand, in Base64.</summary>
    public static IReadOnlyList<FieldPlace> Images { get; } =
    [
        new("set_image", "image_data"),
        new("livekit_join", "initial_state.image_data"),
        new("conversation.item.create", "item.content[].image_url"),
        new("response.create", "response.input[].content[].image_url"),
    ];

    /// <summary>
    /// A locked field, with where else it stands: what an update may not touch, the settings that come with an offer may not set.
    /// But for the model, which every offer names and which was let in with the session.
    /// </summary>
    public static IEnumerable<LockedField> WithOffers(LockedField field) =>
        field is { Type: "session.update", Path: not ("session" or "session.model") } ? [field, new LockedField("offer", field.Path)] : [field];

    /// <summary>Where content of a kind stands.</summary>
    public static IReadOnlyList<FieldPlace> Of(ContentKind kind) => kind is ContentKind.Images ? Images : Prompts;
}
