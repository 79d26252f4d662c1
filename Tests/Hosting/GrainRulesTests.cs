namespace Orchestrator.Tests.Hosting;

/// <summary>Rules 1 to 3 and 9 of Grains/Hosting/README.md, in the compiled code of every grain.</summary>
public class GrainRulesTests
{
    public static TheoryData<Type> GrainClasses => [.. GrainRules.Grains];

    public static TheoryData<Type> Breakers => [.. typeof(RuleBreakers).GetNestedTypes()];

    public static TheoryData<string> BannedSymbols => [.. GrainRules.Banned];

    [Theory, MemberData(nameof(GrainClasses))]
    public void A_grain_keeps_to_its_turn(Type grain) => Assert.Empty(GrainRules.BrokenBy(grain));

    [Theory, MemberData(nameof(Breakers))]
    public void A_grain_that_does_not_is_found(Type breaker) => Assert.NotEmpty(GrainRules.BrokenBy(breaker));

    [Theory]
    [InlineData(typeof(TurnGrain))]
    [InlineData(typeof(CallerGrain))]
    [InlineData(typeof(StormGrain))]
    public void Awaiting_timers_and_calls_are_no_offence(Type grain) => Assert.Empty(GrainRules.BrokenBy(grain));

    /// <summary>The analyzer passes over a line that names nothing.</summary>
    [Theory, MemberData(nameof(BannedSymbols))]
    public void Every_banned_symbol_exists(string id) => Assert.True(GrainRules.Exists(id), $"{id} names nothing");
}
