using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;

namespace Orchestrator.Tests.Billing;

/// <summary>Units of sinks beside kinds of tokens.</summary>
public class UsageUnitTests
{
    [Fact]
    public void Every_kind_of_token_is_a_unit_of_the_same_name_and_seconds_are_none()
    {
        var units = Enum.GetValues<UsageUnit>().ToDictionary(unit => unit.ToString(), unit => unit.Kind());

        Assert.Null(units[nameof(UsageUnit.Seconds)]);
        Assert.Equal(TokenKinds.All.Select(kind => (kind.ToString(), kind)), units.Where(unit => unit.Value is not null).Select(unit => (unit.Key, unit.Value!.Value)));
    }
}
