namespace Orchestrator.Domain.Sessions.Link;

/// <summary>What an answer means to the batch it answers.</summary>
public enum LinkVerdict
{
    /// <summary>The other end has it.</summary>
    Delivered,
    /// <summary>The other end has no such link.</summary>
    Gone,
    /// <summary>The other end has lost count: it is not the one that answered before.</summary>
    Broken,
}

/// <summary>
/// The sending end of one direction of a link: one batch under way, sent again with the same position until it is answered.
/// An empty batch takes no position; it carries what the other end should know.
/// </summary>
/// <param name="Position">The position of the first byte that is not known to have arrived.</param>
/// <param name="Limit">A batch may begin before this position.</param>
public readonly record struct LinkSending(long Position, long Limit)
{
    /// <summary>Nothing was sent. The first batch needs no leave.</summary>
    public static LinkSending New { get; } = new(0, LinkBounds.LeastBytes);

    /// <summary>Whether the next batch may leave.</summary>
    public bool MaySend => Position < Limit;

    /// <summary>The other end told its limit, perhaps one of before.</summary>
    public LinkSending Heard(long limit) => limit > Limit ? this with { Limit = limit } : this;

    /// <summary>The batch of that length that is under way was answered.</summary>
    public (LinkSending Next, LinkVerdict Verdict) Answered(int length, LinkAck ack) => ack switch
    {
        { IsGone: true }                             => (this, LinkVerdict.Gone),
        { Next: var next } when next != Position + length => (this, LinkVerdict.Broken),
        _                                            => (new LinkSending(Position + length, Math.Max(Limit, ack.Limit)), LinkVerdict.Delivered),
    };
}
