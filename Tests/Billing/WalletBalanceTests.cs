using Orchestrator.Domain.Billing;

namespace Orchestrator.Tests.Billing;

public class WalletBalanceTests
{
    [Theory]
    // granted, settled, held, credit limit -> available, debt
    [InlineData(0, 0, 0, 0L, 0L, 0)]
    [InlineData(100, 30, 20, 0L, 50L, 0)]
    [InlineData(100, 80, 20, 0L, 0L, 0)]
    [InlineData(100, 90, 20, 0L, -10L, 10)]
    [InlineData(0, 90, 20, 200L, 90L, 0)]
    [InlineData(-50, 0, 0, 20L, -30L, 30)]
    [InlineData(0, 5_000, 20, null, null, 0)]
    public void Available_is_what_was_granted_and_may_be_owed_less_what_is_used_and_set_aside(
        long granted, long settled, long held, long? creditLimit, long? available, long debt)
    {
        var balance = new WalletBalance(granted, settled, held, creditLimit);

        Assert.Equal((available, debt), (balance.Available, balance.Debt));
    }

    [Fact]
    public void An_amount_that_no_wallet_holds_is_an_error_and_not_a_small_number() =>
        Assert.Throws<OverflowException>(() => new WalletBalance(long.MaxValue, 0, 0, 1).Available);
}
