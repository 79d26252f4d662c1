using System.Diagnostics.CodeAnalysis;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>
/// Frames on their way between a client's gateway and its session's relay: at most 64 KB of them, numbered by the position of
/// the first byte among all of this direction. Sent again with the same number until it is answered. An empty batch is a sign
/// of life, and tells the limit.
/// </summary>
/// <param name="Attachment">Which link of the session it belongs to.</param>
/// <param name="Position">Where its first byte stands.</param>
/// <param name="Limit">Up to where the sender of this batch takes what comes the other way.</param>
/// <param name="Frames">
/// One frame after the other, each behind a head of four bytes, little endian: its length from the fifth bit on, below it
/// whether it ends its message, and in the lowest three its kind. Whoever holds the array may not write to it.
/// </param>
/// <param name="IsCut">The sender has cut the link; whatever is under way is void.</param>
/// <param name="Ended">Why the session has ended, which the number in a close frame need not tell; null while it lives, and from gateways.</param>
[SuppressMessage("Performance", "CA1819", Justification = "Frames pass by reference where both ends share a process; an array that nobody writes to is the cheapest form.")]
public sealed record FrameBatch(Guid Attachment, long Position, long Limit, byte[] Frames, bool IsCut = false, CloseCode? Ended = null);
