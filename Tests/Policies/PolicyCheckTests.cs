using System.Text.Json;
using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Tests.Policies;

public class PolicyCheckTests
{
    public static TheoryData<string, string> Wrong => new()
    {
        { "client.allowed[1]",        """{"client":{"allowed":["prompt",""]}}""" },
        { "client.denied[0]",         """{"client":{"denied":["a b"]}}""" },
        { "upstream.allowed[0]",      """{"upstream":{"allowed":[null]}}""" },
        { "client.allowed",           $$$"""{"client":{"allowed":[{{{string.Join(',', Enumerable.Repeat("\"a\"", 65))}}}]}}""" },
        { "locked[0].type",           """{"locked":[{"path":"session.model"}]}""" },
        { "locked[0].path",           """{"locked":[{"type":"session.update","path":"session..model"}]}""" },
        { "locked[1]",                """{"locked":[{"type":"a","path":"b"},null]}""" },
        { "texts[0].maxCharacters",   """{"texts":[{"maxCharacters":-1}]}""" },
        { "texts[0].path",            """{"texts":[{"maxCharacters":1,"type":"prompt"}]}""" },
        { "texts[0].type",            """{"texts":[{"maxCharacters":1,"path":"prompt"}]}""" },
        { "images[0].maxBytes",       """{"images":[{"maxBytes":99999999}]}""" },
        { "images[0].formats",        """{"images":[{"formats":[]}]}""" },
        { "images[0].path",           """{"images":[{"type":"a","path":"a.b.c.d.e.f.g.h.i"}]}""" },
        { "rates[0].count",           """{"rates":[{"type":"prompt","count":0,"perMs":1000}]}""" },
        { "rates[0].perMs",           """{"rates":[{"type":"prompt","count":1,"perMs":99}]}""" },
        { "rates[0].type",            """{"rates":[{"type":"ü","count":1,"perMs":1000}]}""" },
        { "moderation.timeoutMs",     """{"moderation":{"webhook":"https://a.example","timeoutMs":60000}}""" },
        { "moderation.judges",        """{"moderation":{"webhook":"https://a.example","judges":[]}}""" },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void What_is_wrong_is_named_by_its_member(string member, string policy)
    {
        var flaws = PolicyCheck.FlawsOf(JsonSerializer.Deserialize<FramePolicy>(policy, ContractJson.Options)!, "policy.");

        Assert.Equal([$"policy.{member}"], flaws.Select(flaw => flaw.Member));
    }

    [Theory]
    [InlineData("prompt", true)]
    [InlineData("item.content[].text", true)]
    [InlineData("a.b-c.d_e[]", true)]
    [InlineData("", false)]
    [InlineData("[]", false)]
    [InlineData("a[]b", false)]
    [InlineData("a[0]", false)]
    [InlineData(".a", false)]
    [InlineData("a.", false)]
    [InlineData("a.\"b\"", false)]
    public void A_path_is_names_with_dots_between_them(string path, bool isValid) => Assert.Equal(isValid, FieldPath.IsValid(path));

    [Fact]
    public void A_policy_that_says_nothing_has_no_flaw() => Assert.Empty(PolicyCheck.FlawsOf(new FramePolicy()));
}
