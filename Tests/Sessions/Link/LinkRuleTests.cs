using Orchestrator.Domain.Sessions.Link;
using static Orchestrator.Domain.Sessions.Link.LinkBounds;

namespace Orchestrator.Tests.Sessions.Link;

/// <summary>One direction of a link, rule by rule.</summary>
public class LinkRuleTests
{
    private const int Batch = BatchBytes;

    public static TheoryData<string, LinkReceiving, long, int, LinkReceiving> Batches => new()
    {
        // what                        before              position  length     after
        { "the first",                 new(0, 0, 1),       0,        10,        new(10, 0, 1) },
        { "the next",                  new(10, 0, 99),     10,       Batch,     new(10 + Batch, 0, 99) },
        { "one that was taken",        new(10, 0, 99),     0,        10,        new(10, 0, 99) },
        { "one long ago",              new(500, 400, 999), 20,       10,        new(500, 400, 999) },
        { "one too early",             new(10, 0, 99),     20,       10,        new(10, 0, 99) },
        { "one beyond the limit",      new(99, 0, 99),     99,       10,        new(99, 0, 99) },
        { "one that begins within it", new(98, 0, 99),     98,       50,        new(148, 0, 99) },
        { "one too large",             new(10, 0, 99),     10,       Batch + 1, new(10, 0, 99) },
        { "an empty one",              new(10, 0, 99),     10,       0,         new(10, 0, 99) },
    };

    public static TheoryData<string, LinkReceiving, int, bool> Rooms => new()
    {
        // who waits                               state                                 window       told
        { "nobody, there is room",                 new(10, 10, 99),                      WindowBytes, false },
        { "the sender, and all was read",          new(99, 99, 99),                      WindowBytes, true },
        { "the sender, and nothing was read",      new(WindowBytes, 0, WindowBytes),     WindowBytes, false },
        { "the sender, and little was read",       new(WindowBytes, 100, WindowBytes),   WindowBytes, false },
        { "the sender, and half was read",         new(WindowBytes, Batch, WindowBytes), WindowBytes, true },
        { "the sender, without memory",            new(99, 50, 99),                      LeastBytes,  false },
        { "the sender, without memory, all read",  new(99, 99, 99),                      LeastBytes,  true },
    };

    public static TheoryData<string, LinkAck, LinkSending, LinkVerdict> Answers => new()
    {
        // a batch of 10 at 100, limit 200  answer                          after           verdict
        { "taken",                          new(110, 300),                  new(110, 300),  LinkVerdict.Delivered },
        { "taken, an older limit",          new(110, 150),                  new(110, 200),  LinkVerdict.Delivered },
        { "not taken",                      new(100, 300),                  new(100, 200),  LinkVerdict.Broken },
        { "another end that knows nothing", new(0, 1),                      new(100, 200),  LinkVerdict.Broken },
        { "more than was sent",             new(111, 300),                  new(100, 200),  LinkVerdict.Broken },
        { "no such link",                   LinkAck.Gone,                   new(100, 200),  LinkVerdict.Gone },
    };

    [Theory, MemberData(nameof(Batches))]
    public void A_batch_is_taken_when_it_is_the_next_and_within_the_limit(string what, LinkReceiving before, long position, int length, LinkReceiving after) =>
        Assert.Equal((what, after), (what, before.Receive(position, length, LeastBytes)));

    [Theory, MemberData(nameof(Rooms))]
    public void A_sender_that_waits_is_told_of_room(string who, LinkReceiving state, int window, bool told) =>
        Assert.Equal((who, told), (who, state.MustTell(window)));

    [Theory, MemberData(nameof(Answers))]
    public void An_answer_moves_the_sender_on_or_ends_the_link(string what, LinkAck ack, LinkSending after, LinkVerdict verdict) =>
        Assert.Equal((what, (after, verdict)), (what, new LinkSending(100, 200).Answered(10, ack)));

    [Fact]
    public void A_limit_that_was_told_never_falls()
    {
        var told = new LinkReceiving(10, 10, 1).Tell(WindowBytes);

        Assert.Equal(10 + WindowBytes, told.Told);
        Assert.Equal(told, told.Tell(LeastBytes));
        Assert.Equal(99, new LinkSending(0, 99).Heard(50).Limit);
    }
}
