using System.Text;
using Orchestrator.Domain.Sessions;
using static Orchestrator.Domain.Sessions.CloseCode;

namespace Orchestrator.Tests.Sessions;

public class CloseCodesTests
{
    /// <summary>Words in a close reason on which published clients stop retrying, in any case.</summary>
    private static readonly string[] StopWords = ["permission denied", "not allowed", "invalid session", "401", "invalid api key", "unauthorized"];

    /// <summary>Close codes on which the OpenAI client connects again.</summary>
    private static readonly int[] ReconnectCodes = [1001, 1005, 1006, 1011, 1012, 1013, 1015];

    public static TheoryData<CloseCode> Refusals =>
        [
            InvalidCredential, CredentialExpired, CredentialRevoked, OriginNotAllowed, ModelNotAllowed, ModelNotPriced, TenantSuspended,
            ConcurrencyExceeded, InsufficientCredits, InvalidRequest, PolicyViolation, SessionUnknown,
        ];

    [Fact]
    public void Every_code_has_one_line_in_the_catalogue() =>
        Assert.Equal(Enum.GetValues<CloseCode>().Order(), CloseCodes.All.Select(entry => entry.Code));

    [Fact]
    public void Every_wire_code_may_travel_with_its_reason() =>
        Assert.All(CloseCodes.All, entry =>
        {
            Assert.True(PeerClose.MayTravel(entry.Wire));
            Assert.InRange(Encoding.UTF8.GetByteCount(entry.Reason), 1, 123);
        });

    [Fact]
    public void A_code_of_ours_on_the_wire_is_its_own_number() =>
        Assert.All(CloseCodes.All, entry => Assert.True(entry.Wire < 3000 || entry.Wire == (int)entry.Code));

    [Fact]
    public void Names_are_unique_and_snake_case()
    {
        var names = CloseCodes.All.Select(entry => entry.Name).ToList();

        Assert.Equal(names.Distinct(), names);
        Assert.All(names, name => Assert.Matches("^[a-z]+(_[a-z]+)*$", name));
    }

    [Fact]
    public void A_line_is_found_by_its_code_and_by_its_name()
    {
        Assert.All(CloseCodes.All, entry => Assert.Equal((entry, entry.Code), (entry.Code.Entry(), CloseCodes.Named(entry.Name))));
        Assert.Null(CloseCodes.Named("no_such_name"));
        Assert.Null(CloseCodes.Named("CLIENT_CLOSED"));
    }

    [Theory]
    [InlineData(CloseAdvice.Ended, 4000, 4099)]
    [InlineData(CloseAdvice.ComeBack, 4100, 4199)]
    [InlineData(CloseAdvice.StayAway, 4400, 4499)]
    public void The_range_of_a_number_is_its_advice(CloseAdvice advice, int first, int last) =>
        Assert.All(CloseCodes.All, entry => Assert.Equal(entry.Advice == advice, (int)entry.Code >= first && (int)entry.Code <= last));

    [Theory, MemberData(nameof(Refusals))]
    public void A_permanent_refusal_says_words_on_which_clients_stop_retrying(CloseCode code)
    {
        Assert.Equal(CloseAdvice.StayAway, code.Entry().Advice);
        Assert.Contains(StopWords, word => code.Entry().Reason.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Who_may_come_back_hears_no_such_words() =>
        Assert.All(CloseCodes.All.Where(entry => entry.Advice is CloseAdvice.ComeBack), entry =>
            Assert.DoesNotContain(StopWords, word => entry.Reason.Contains(word, StringComparison.OrdinalIgnoreCase)));

    [Theory, MemberData(nameof(Refusals))]
    public void A_permanent_refusal_has_no_code_on_which_clients_reconnect(CloseCode code) =>
        Assert.True(Array.IndexOf(ReconnectCodes, code.Entry().Wire) < 0, $"{code} is closed with {code.Entry().Wire}.");

    [Fact]
    public void A_reason_names_no_provider() =>
        Assert.All(CloseCodes.All, entry =>
            Assert.DoesNotContain(["decart", "livestyler", "openai"], name => entry.Reason.Contains(name, StringComparison.OrdinalIgnoreCase)));
}
