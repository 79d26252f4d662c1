using Orchestrator.Domain.Billing;

namespace Orchestrator.Tests.Billing;

public class MoneyTests
{
    [Theory]
    [InlineData(0, "0.00 USD")]
    [InlineData(1, "0.000001 USD")]
    [InlineData(1_234, "0.001234 USD")]
    [InlineData(50_000, "0.05 USD")]
    [InlineData(500_000, "0.50 USD")]
    [InlineData(1_000_000, "1.00 USD")]
    [InlineData(1_234_500, "1.2345 USD")]
    [InlineData(1_000_000_000_000, "1000000.00 USD")]
    [InlineData(-50_000, "-0.05 USD")]
    [InlineData(long.MaxValue, "9223372036854.775807 USD")]
    [InlineData(long.MinValue, "-9223372036854.775808 USD")]
    public void Money_shows_the_decimals_that_matter_and_two_at_least(long micros, string text) =>
        Assert.Equal(text, new Money(micros, "USD").ToString());
}
