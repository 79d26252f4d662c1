using System.Diagnostics.CodeAnalysis;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Silo.Sessions;

// The messages that there is one of for every few frames of a client, so JSON is no form for them: they travel as they are. A
// member may be added under the next number.

/// <summary>Frames between processes, on the wire.</summary>
/// <param name="Attachment">The attachment.</param>
/// <param name="Position">Where the first byte stands.</param>
/// <param name="Limit">Up to where the sender takes what comes the other way.</param>
/// <param name="Frames">The frames, each behind its head.</param>
/// <param name="IsCut">Whether the link was cut.</param>
/// <param name="Ended">Why the session ended, by its number in the catalogue.</param>
[GenerateSerializer, Immutable, Alias("frame-batch")]
[SuppressMessage("Performance", "CA1819", Justification = "As in the message that it stands for.")]
public readonly record struct FrameBatchSurrogate(
    [property: Id(0)] Guid Attachment, [property: Id(1)] long Position, [property: Id(2)] long Limit, [property: Id(3)] byte[] Frames, [property: Id(4)] bool IsCut,
    [property: Id(5)] int? Ended);

/// <summary>What an end of a link answers, on the wire.</summary>
/// <param name="Next">The position of the first byte that has not come yet.</param>
/// <param name="Limit">Up to where more is taken.</param>
/// <param name="IsGone">Whether there is no such link.</param>
[GenerateSerializer, Immutable, Alias("link-ack")]
public readonly record struct LinkAckSurrogate([property: Id(0)] long Next, [property: Id(1)] long Limit, [property: Id(2)] bool IsGone);

/// <summary>To the wire and back.</summary>
[RegisterConverter]
public sealed class FrameBatchConverter : IConverter<FrameBatch, FrameBatchSurrogate>
{
    /// <inheritdoc/>
    public FrameBatch ConvertFromSurrogate(in FrameBatchSurrogate surrogate) =>
        new(surrogate.Attachment, surrogate.Position, surrogate.Limit, surrogate.Frames, surrogate.IsCut, (CloseCode?)surrogate.Ended);

    /// <inheritdoc/>
    public FrameBatchSurrogate ConvertToSurrogate(in FrameBatch value) => new(value.Attachment, value.Position, value.Limit, value.Frames, value.IsCut, (int?)value.Ended);
}

/// <summary>To the wire and back.</summary>
[RegisterConverter]
public sealed class LinkAckConverter : IConverter<LinkAck, LinkAckSurrogate>
{
    /// <inheritdoc/>
    public LinkAck ConvertFromSurrogate(in LinkAckSurrogate surrogate) => new(surrogate.Next, surrogate.Limit, surrogate.IsGone);

    /// <inheritdoc/>
    public LinkAckSurrogate ConvertToSurrogate(in LinkAck value) => new(value.Next, value.Limit, value.IsGone);
}
