using Orchestrator.Domain.Tenants;
using static Orchestrator.Domain.Tenants.TokenPart;

namespace Orchestrator.Tests.Tenants;

public class TokenPolicyTests
{
    private static readonly TenantSettings None = TenantSettings.None;
    private static readonly TokenWish Nothing = new(null, null, null, null);

    /// <summary>Settings from the root down, and what they come to.</summary>
    public static TheoryData<string, TenantSettings[], TenantSettings> Paths => new()
    {
        { "nobody says anything",                    [], new(S(60)) },
        { "all say nothing",                         [None, None], new(S(60)) },
        { "one's own default",                       [None, new(S(90))], new(S(90)) },
        { "the nearest default",                     [new(S(90)), new(S(30)), None], new(S(30)) },
        { "a default from above",                    [new(S(90)), None], new(S(90)) },
        { "a default above one's own ceiling",       [new(S(90)), new(null, S(45))], new(S(45), S(45)) },
        { "a default above the ceiling above",       [new(null, S(45)), new(S(90), S(300))], new(S(45), S(45)) },
        { "nobody's default above a ceiling",        [new(null, S(10))], new(S(10), S(10)) },
        { "nobody's default below a ceiling",        [new(null, S(600))], new(S(60), S(600)) },
        { "a lower ceiling below",                   [new(null, S(45)), new(null, S(20))], new(S(20), S(20)) },
        { "a higher ceiling below lifts nothing",    [new(null, S(20)), new(null, S(45)), new(null, S(60))], new(S(20), S(20)) },
        { "sessions end at the ceiling",             [new(LargestMaxSessionDuration: S(600)), None], new(S(60), null, S(600), S(600)) },
        { "sessions end by default before it",       [new(null, null, S(100), S(600))], new(S(60), null, S(100), S(600)) },
        { "a session's default without ceiling",     [new(DefaultMaxSessionDuration: S(100))], new(S(60), null, S(100)) },
        { "a session's default is cut from above",   [new(null, null, null, S(50)), new(null, null, S(100), S(200))], new(S(60), null, S(50), S(50)) },
        { "a list from above",                       [new(AllowedModels: ["a", "b"]), None], new(S(60), AllowedModels: ["a", "b"]) },
        { "what every list names",                   [new(AllowedModels: ["a", "b"]), None, new(AllowedModels: ["c", "b"])], new(S(60), AllowedModels: ["b"]) },
        { "lists that have nothing in common",       [new(AllowedOrigins: ["https://a"]), new(AllowedOrigins: ["https://A"])], new(S(60), AllowedOrigins: []) },
    };

    /// <summary>What is asked for under which settings, and what comes of it.</summary>
    public static TheoryData<string, TokenWish, TenantSettings, TokenTerms?, TokenRefusal[]> Wishes => new()
    {
        { "nothing asked, nothing set",              Nothing, None, new(S(60), null, null, null), [] },
        { "everything asked, nothing set",           new(S(5), ["m"], ["o"], S(30)), None, new(S(5), ["m"], ["o"], S(30)), [] },
        { "defaults for who asks nothing",           Nothing, new(S(9), null, S(8)), new(S(9), null, null, S(8)), [] },
        { "defaults bind nobody who asks",           new(S(90), null, null, S(80)), new(S(9), null, S(8)), new(S(90), null, null, S(80)), [] },
        { "at the ceilings",                         new(S(20), null, null, S(30)), new(null, S(20), null, S(30)), new(S(20), null, null, S(30)), [] },
        { "lists for who names none",                Nothing, new(null, null, null, null, ["m"], ["o"]), new(S(60), ["m"], ["o"], null), [] },
        { "part of the lists",                       new(null, ["b"], ["p"], null), new(null, null, null, null, ["a", "b"], ["o", "p"]), new(S(60), ["b"], ["p"], null), [] },
        { "a list of nothing, none set",             new(null, [], null, null), None, new(S(60), [], null, null), [] },

        { "beyond how long it lasts",                new(S(21), null, null, null), new(null, S(20)), null, [new(ExpiresIn, S(20), null)] },
        { "beyond how long sessions run",            new(null, null, null, S(31)), new(null, null, null, S(30)), null, [new(MaxSessionDuration, S(30), null)] },
        { "another model",                           new(null, ["a", "c"], null, null), new(AllowedModels: ["a", "b"]), null, [new(Models, null, ["a", "b"])] },
        { "another origin",                          new(null, null, ["https://O"], null), new(AllowedOrigins: ["https://o"]), null, [new(Origins, null, ["https://o"])] },
        { "nothing is left",                         Nothing, new(AllowedModels: []), null, [new(Models, null, [])] },
        { "everything at once",                      new(S(2), ["x"], ["x"], S(2)), new(null, S(1), null, S(1), ["m"], ["o"]),
            null, [new(ExpiresIn, S(1), null), new(MaxSessionDuration, S(1), null), new(Models, null, ["m"]), new(Origins, null, ["o"])] },
    };

    [Theory, MemberData(nameof(Paths))]
    public void The_strictest_of_a_path_counts(string sentence, TenantSettings[] path, TenantSettings effective)
    {
        ArgumentNullException.ThrowIfNull(sentence);

        Assert.Equivalent(effective, TokenPolicy.Effective(path), strict: true);
    }

    [Theory, MemberData(nameof(Wishes))]
    public void A_token_keeps_within_the_settings_or_is_not_minted(string sentence, TokenWish wish, TenantSettings settings, TokenTerms? terms, TokenRefusal[] refusals)
    {
        ArgumentNullException.ThrowIfNull(sentence);

        var decision = TokenPolicy.Decide(wish, settings);

        Assert.Equivalent(terms, decision.Terms, strict: true);
        Assert.Equivalent(refusals, decision.Refusals, strict: true);
    }

    [Theory]
    [InlineData(3, null, true)]
    [InlineData(3, 3, true)]
    [InlineData(2, 3, true)]
    [InlineData(3, 2, false)]
    [InlineData(2, 1, false)]
    public void What_was_set_from_above_is_not_undone_from_below(int depth, int? setAtDepth, bool may) =>
        Assert.Equal(may, TenantSettings.MayBeChangedFrom(depth, setAtDepth));

    private static TimeSpan S(int seconds) => TimeSpan.FromSeconds(seconds);
}
