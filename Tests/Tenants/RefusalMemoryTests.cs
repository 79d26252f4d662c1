using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Tenants;

/// <summary>Who was just refused is told so from memory, for a short while, and nobody else is.</summary>
public sealed class RefusalMemoryTests : IDisposable
{
    /// <summary>When a published client of dialect A tries: at once, and after 1, 2, 4, 8 and 10 s.</summary>
    private static readonly int[] Attempts = [0, 1, 3, 7, 15, 25];

    private static readonly Asked Someone = new("198.51.100.1", "F00", new Guid(1, 0, 0, new byte[8]), null, "provider", "model", "decart");

    private readonly TestTimeProvider _time = new();
    private readonly RefusalMemory _memory;

    public RefusalMemoryTests() => _memory = new RefusalMemory(_time);

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(CloseCode.UpstreamFull, 2)]
    [InlineData(CloseCode.ProviderRefused, 2)]
    [InlineData(CloseCode.InsufficientCredits, 5)]
    [InlineData(CloseCode.ConcurrencyExceeded, 5)]
    [InlineData(CloseCode.UpstreamLost, 6)]
    [InlineData(CloseCode.Completed, 6)]
    public void Of_six_attempts_of_a_published_client_few_cost_something(CloseCode code, int asked)
    {
        var (costly, now) = (0, 0);
        foreach (var at in Attempts)
        {
            _time.Advance(TimeSpan.FromSeconds(at - now));
            now = at;
            if (_memory.WhyRefused(Someone) is { } refused)
            {
                Assert.Equal(code, refused);
                continue;
            }

            costly++;
            if (code.Entry().Advice is CloseAdvice.StayAway)
                _memory.Refused(Someone, code);
            else
                _memory.Ended(Someone, code);
        }

        Assert.Equal(asked, costly);
    }

    [Fact]
    public void A_change_counts_two_seconds_later_and_a_session_clears_the_memory()
    {
        _memory.Refused(Someone, CloseCode.InsufficientCredits);
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(CloseCode.InsufficientCredits, _memory.WhyRefused(Someone));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Null(_memory.WhyRefused(Someone));

        _memory.Ended(Someone, CloseCode.UpstreamFull);
        _memory.Ended(Someone, CloseCode.ClientClosed);
        Assert.Null(_memory.WhyRefused(Someone));
    }

    [Fact]
    public void Nobody_pays_for_the_refusal_of_another_or_of_something_else()
    {
        _memory.Ended(Someone, CloseCode.UpstreamFull);

        Asked[] others =
        [
            Someone with { Address = "198.51.100.2" }, Someone with { Credential = "F01" }, Someone with { Key = Guid.Empty }, Someone with { Metadata = "{}" },
            Someone with { Provider = "another" }, Someone with { Model = "another" }, Someone with { Dialect = "another" },
        ];
        Assert.All(others, other => Assert.Null(_memory.WhyRefused(other)));
        Assert.Equal(CloseCode.UpstreamFull, _memory.WhyRefused(Someone));
    }

    [Fact]
    public void Memory_is_bounded()
    {
        for (var i = 0; i < 50_000; i++)
            _memory.Ended(Someone with { Credential = $"{i}" }, CloseCode.UpstreamFull);

        Assert.InRange(Enumerable.Range(0, 50_000).Count(i => _memory.WhyRefused(Someone with { Credential = $"{i}" }) is not null), 1, 20_000);
    }
}
