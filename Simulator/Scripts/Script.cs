using System.Collections.Immutable;

namespace Orchestrator.Simulator.Scripts;

/// <summary>
/// What a provider does on a connection, as data. Built from <see cref="Begin"/> with words in the order of the
/// protocol, or read from JSON. After its last step the connection stays open until the client leaves.
/// </summary>
public sealed partial record Script
{
    /// <summary>No steps, every automatic reply: a connection that a test drives by hand.</summary>
    public static Script Begin { get; } = new();

    /// <summary>What happens, in order.</summary>
    public ImmutableArray<Step> Steps { get; init; } = [];

    /// <summary>Which client frames are answered meanwhile.</summary>
    public AutomaticReplies Automatic { get; init; } = AutomaticReplies.All;

    /// <summary>
    /// A prompt that contains this text in any case is refused as "content policy". Empty refuses every prompt, null none.
    /// Default: <c>forbidden</c>.
    /// </summary>
    public string? Refuses { get; init; } = "forbidden";

    /// <summary>The script answers an offer with a step of its own.</summary>
    internal bool AnswersOffers => Steps.Any(step => step is Step.Answer);

    /// <summary>The script sends the room of dialect B with a step of its own.</summary>
    internal bool AnswersJoins => Steps.Any(step => step is Step.Answer or Step.RoomInfo);

    /// <summary>Equal scripts do the same.</summary>
    public bool Equals(Script? other) =>
        other is not null && Automatic == other.Automatic && Refuses == other.Refuses && Steps.SequenceEqual(other.Steps);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Steps.Length, Automatic, Refuses);
}
