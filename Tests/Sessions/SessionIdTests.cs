using Orchestrator.Domain.Sessions;

namespace Orchestrator.Tests.Sessions;

public class SessionIdTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_text_of_an_id_is_read_back()
    {
        var id = SessionId.New(Noon);

        Assert.Matches("^[0-9a-f]{32}$", id.ToString());
        Assert.Equal(id, SessionId.Parse(id.ToString(), null));
    }

    [Fact]
    public void Later_ids_sort_after_earlier_ones()
    {
        var ids = Enumerable.Range(0, 100).Select(i => SessionId.New(Noon.AddMilliseconds(i)).ToString()).ToList();

        Assert.Equal(ids, ids.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("018f")]
    [InlineData("018f0000-0000-7000-8000-000000000000")]
    [InlineData("018f000000007000800000000000000g")]
    public void What_is_no_id_is_refused(string? text)
    {
        Assert.False(SessionId.TryParse(text, null, out _));
        Assert.Throws<FormatException>(() => SessionId.Parse(text!, null));
    }
}
