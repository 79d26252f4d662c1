namespace Orchestrator.Domain.Sessions.Link;

/// <summary>
/// The receiving end of one direction of a link. Batches are numbered by the position of their first byte, as in TCP; what
/// was received once is dropped when it comes again, what comes too early or beyond the limit is not taken.
/// </summary>
/// <param name="Next">The position of the first byte that is missing.</param>
/// <param name="Taken">How far the reader has come.</param>
/// <param name="Told">The limit that the sender was told last. It only ever rises, since the sender may have used it already.</param>
public readonly record struct LinkReceiving(long Next, long Taken, long Told)
{
    /// <summary>Nothing has come. The first batch needs no leave.</summary>
    public static LinkReceiving New { get; } = new(0, 0, LinkBounds.LeastBytes);

    /// <summary>How much lies unread.</summary>
    public long Unread => Next - Taken;

    /// <summary>
    /// Takes a batch that is the next one; any other changes nothing. Only the answer to a new batch raises the limit: the sender
    /// asks again until it has that one, while it may have stopped listening for the answer to a late repetition.
    /// </summary>
    public LinkReceiving Receive(long position, int length, int window) =>
        position == Next && position < Told && length is > 0 and <= LinkBounds.BatchBytes ? (this with { Next = Next + length }).Tell(window) : this;

    /// <summary>The reader is done with that many bytes.</summary>
    public LinkReceiving Took(int bytes) => this with { Taken = Taken + bytes };

    /// <summary>The limit as it may be told now, with so much room for what is not read.</summary>
    public LinkReceiving Tell(int window) => this with { Told = Math.Max(Told, Taken + window) };

    /// <summary>
    /// Whether the sender waits to hear of room and there is some. Not for every byte that was read: for half a window, or when
    /// nothing is left to read.
    /// </summary>
    public bool MustTell(int window) =>
        Next >= Told && Taken + window > Told && (Taken == Next || Taken + window - Told >= window / 2);

    /// <summary>The answer to whatever batch came.</summary>
    public LinkAck Ack => new(Next, Told);
}
