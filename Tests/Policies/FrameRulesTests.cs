using System.Text;
using Orchestrator.Domain.Policies;

namespace Orchestrator.Tests.Policies;

/// <summary>Every rule, in every dialect that has something for it to be about.</summary>
public class FrameRulesTests
{
    private const string Png = "iVBORw0KGgoAAAANSUhEUg==";
    private const string Jpeg = "/9j/4AAQSkZJRgABAQAAAQ==";

    private static readonly FramePolicy Prompts3 = new(Texts: [new(3)]);
    private static readonly FramePolicy Pngs = new(Images: [new(MaxBytes: 16, Formats: [ImageFormat.Png])]);
    private static readonly FramePolicy Locks = new(Locked:
        [new("session.update", "session.model"), new("session.update", "session.audio.output.voice"), new("session.update", "session.instructions")]);

    public static TheoryData<string, FramePolicy, string, PolicyRule> Frames => new()
    {
        // Types.
        { "nothing said",               new(Client: new(Denied: ["x"])),            """{"type":"prompt","prompt":"hi"}""",                            PolicyRule.None },
        { "denied",                     new(Client: new(Denied: ["set_image"])),    """{"type":"set_image","image_data":null}""",                     PolicyRule.Type },
        { "allowed",                    new(Client: new(["offer", "prompt"])),      """{"type":"prompt","prompt":"hi"}""",                            PolicyRule.None },
        { "not among the allowed",      new(Client: new(["offer"])),                """{"type":"prompt","prompt":"hi"}""",                            PolicyRule.Type },
        { "allowed and denied",         new(Client: new(["offer"], ["offer"])),     """{"type":"offer","sdp":"v=0"}""",                               PolicyRule.Type },
        { "another dialect's candidate", new(Client: new(["ice-candidate"])),       """{"type":"candidate","candidate":{}}""",                        PolicyRule.Type },
        { "a type of no dialect",       new(Client: new(Denied: ["prompt"])),       """{"type":"brand_new","x":1}""",                                 PolicyRule.None },

        // Locked fields.
        { "an update of another field", Locks, """{"type":"session.update","session":{"type":"realtime","tools":[]}}""",                              PolicyRule.None },
        { "a locked field",             Locks, """{"type":"session.update","session":{"model":"gpt-x"}}""",                                           PolicyRule.LockedField },
        { "cleared by null",            Locks, """{"type":"session.update","session":{"instructions":null}}""",                                       PolicyRule.LockedField },
        { "by an escaped name",         Locks, """{"type":"session.update","session":{"m\u006fdel":"gpt-x"}}""",                                      PolicyRule.LockedField },
        { "in a repeated object",       Locks, """{"type":"session.update","session":{"tools":[]},"session":{"model":"gpt-x"}}""",                     PolicyRule.LockedField },
        { "what holds it set to null",  Locks, """{"type":"session.update","session":{"audio":{"output":null}}}""",                                   PolicyRule.LockedField },
        { "all of it set to a list",    Locks, """{"type":"session.update","session":[]}""",                                                          PolicyRule.LockedField },
        { "a sibling of it",            Locks, """{"type":"session.update","session":{"audio":{"output":{"speed":1}}}}""",                            PolicyRule.None },
        { "before the type",            Locks, """{"session":{"instructions":""},"type":"session.update"}""",                                         PolicyRule.LockedField },
        { "the same field of another type", Locks, """{"type":"response.create","session":{"model":"gpt-x"}}""",                                      PolicyRule.None },

        // Texts.
        { "a prompt as long as it may be", Prompts3, """{"type":"prompt","prompt":"äöü"}""",                                                          PolicyRule.None },
        { "a character too long",       Prompts3, """{"type":"prompt","prompt":"abcd"}""",                                                            PolicyRule.TextLength },
        { "escapes count as one",       Prompts3, """{"type":"prompt","prompt":"\u00e4\n\""}""",                                                      PolicyRule.None },
        { "a prompt with an image",     Prompts3, """{"type":"set_image","image_data":null,"prompt":"abcd"}""",                                       PolicyRule.TextLength },
        { "a prompt in a join",         Prompts3, """{"type":"livekit_join","initial_state":{"type":"prompt","prompt":"abcd"}}""",                    PolicyRule.TextLength },
        { "no initial state",           Prompts3, """{"type":"livekit_join","initial_state":null}""",                                                 PolicyRule.None },
        { "repeated, the second long",  Prompts3, """{"type":"prompt","prompt":"a","prompt":"abcd"}""",                                               PolicyRule.TextLength },
        { "a name that is no text",     Prompts3, """{"type":"prompt","prompt":"a","x":{"\ud800":1}}""",                                              PolicyRule.None },
        { "no text at all",             Prompts3, """{"type":"prompt","prompt":{"deep":"abcd"}}""",                                                   PolicyRule.Unreadable },
        { "half a pair",                Prompts3, """{"type":"prompt","prompt":"\ud800 and more"}""",                                                 PolicyRule.Unreadable },
        { "an item's text",             Prompts3, """{"type":"conversation.item.create","item":{"content":[{"type":"input_text","text":"abcd"}]}}""", PolicyRule.TextLength },
        { "an item's second text",      Prompts3, """{"type":"conversation.item.create","item":{"content":[{"text":"a"},{"text":"abcd"}]}}""",         PolicyRule.TextLength },
        { "a response's instructions",  Prompts3, """{"type":"response.create","response":{"instructions":"abcd"}}""",                                PolicyRule.TextLength },
        { "content that is no list",    Prompts3, """{"type":"conversation.item.create","item":{"content":"abcd"}}""",                                PolicyRule.Unreadable },
        { "a field of one's own",       new(Texts: [new(1, "session_start", "note")]), """{"type":"session_start","note":"ab"}""",                    PolicyRule.TextLength },
        { "cut off behind the prompt",  Prompts3, """{"type":"prompt","prompt":"a",""",                                                               PolicyRule.Unreadable },
        { "two objects",                Prompts3, """{"type":"prompt","prompt":"a"}{}""",                                                             PolicyRule.Unreadable },

        // Images.
        { "a png",                      Pngs, $$"""{"type":"set_image","image_data":"{{Png}}"}""",                                                    PolicyRule.None },
        { "a png as a URL",             Pngs, $$"""{"type":"set_image","image_data":"data:image/png;base64,{{Png}}"}""",                              PolicyRule.None },
        { "taken away",                 Pngs, """{"type":"set_image","image_data":null}""",                                                           PolicyRule.None },
        { "a jpeg",                     Pngs, $$"""{"type":"set_image","image_data":"{{Jpeg}}"}""",                                                   PolicyRule.ImageFormat },
        { "a jpeg that says it is none", Pngs, $$"""{"type":"set_image","image_data":"data:image/png;base64,{{Jpeg}}"}""",                            PolicyRule.ImageFormat },
        { "too many bytes",             Pngs, $$"""{"type":"set_image","image_data":"{{Png[..^2]}}AA"}""",                                            PolicyRule.ImageSize },
        { "escaped Base64",             new(Images: [new()]), """{"type":"set_image","image_data":"\/9j\/4AAQSkZJRgABAQAAAQ=="}""",                    PolicyRule.None },
        { "no Base64",                  new(Images: [new()]), """{"type":"set_image","image_data":"hello, world"}""",                                 PolicyRule.ImageFormat },
        { "an image of an item",        Pngs, $$$"""{"type":"conversation.item.create","item":{"content":[{"image_url":"data:image/jpeg;base64,{{{Jpeg}}}"}]}}""",
            PolicyRule.ImageFormat },
        { "one that lies elsewhere",    Pngs, """{"type":"conversation.item.create","item":{"content":[{"image_url":"https://shop.example/a.png"}]}}""", PolicyRule.ImageFormat },
    };

    [Theory, MemberData(nameof(Frames))]
    public void A_frame_is_held_against_the_rules(string sentence, FramePolicy policy, string frame, PolicyRule rule)
    {
        var verdict = Judge(policy, frame);

        Assert.True(rule == verdict.Rule, $"{sentence}: {verdict}");
        Assert.Equal(rule is PolicyRule.None, verdict.Words.Length == 0);
    }

    [Theory]
    [InlineData("""{"type":"a"}""", "a")]
    [InlineData(""" {"x":{"type":"b"},"type":"a","y":[1]}""", "a")]
    [InlineData("""{"type":"a","session":{"type":"realtime"},"s":"\n"}""", "a")]
    [InlineData("""{"type":"a","type":"a"}""", null)]
    [InlineData("""{"type":"a","t\u0079pe":"b"}""", null)]
    [InlineData("""{"\u0074ype":"a"}""", null)]
    [InlineData("""{"type":"\u0061"}""", null)]
    [InlineData("""{"type":1}""", null)]
    [InlineData("""{"type":"a"}{"type":"b"}""", null)]
    [InlineData("""["type","a"]""", null)]
    [InlineData("""{"\ud800":1,"type":"a"}""", null)]
    [InlineData("""{"type":"a","\ud800":1}""", null)]
    [InlineData("""{"kind":"type"}""", null)]
    [InlineData("type", null)]
    [InlineData("", null)]
    public void A_type_is_read_only_where_nobody_can_read_another(string frame, string? type)
    {
        var isRead = FrameType.TryRead(Encoding.UTF8.GetBytes(frame), out var read);

        Assert.Equal(type, isRead ? Encoding.UTF8.GetString(read) : null);
    }

    [Theory]
    [InlineData(null, null, "answer", true)]
    [InlineData("answer,error", null, "answer", true)]
    [InlineData("answer,error", null, "status", false)]
    [InlineData("answer,error", "error", "error", false)]
    [InlineData(null, "status", "status", false)]
    [InlineData(null, "status", "answer", true)]
    [InlineData("answer", null, "", false)]
    public void What_the_provider_says_is_held_against_its_own_list(string? allowed, string? denied, string type, bool passes)
    {
        var rules = Rules(new FramePolicy(Upstream: new TypeList(allowed?.Split(','), denied?.Split(','))));

        Assert.Equal(passes, rules.LetsUpstreamPass(Encoding.UTF8.GetBytes(type)));
    }

    [Fact]
    public void A_rate_lets_so_many_pass_at_once_and_as_many_again_over_its_span()
    {
        var rules = Rules(new FramePolicy(Rates: [new("prompt", 3, 3_000), new("set_image", 1, 60_000)]));
        var counts = new RateCounts(rules.Rates);

        bool Passes(string type, long now) => rules.JudgeClient(Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes($$"""{"type":"{{type}}"}"""), counts, now).IsPass;

        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => Passes("prompt", 1_000)));
        Assert.True(Passes("set_image", 1_000));
        Assert.False(Passes("prompt", 1_999));
        Assert.True(Passes("prompt", 2_000));
        Assert.False(Passes("prompt", 2_000));
        Assert.False(Passes("set_image", 60_000));
        Assert.True(Passes("set_image", 61_000));
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => Passes("prompt", 1_000_000)));
    }

    [Fact]
    public void What_a_webhook_judges_is_shown_as_it_was_meant()
    {
        var rules = Rules(new FramePolicy(Moderation: new ModerationRule("https://judge.example", null)));
        var shown = new List<string>();

        var frame = Encoding.UTF8.GetBytes("""{"type":"set_image","prompt":"caf\u00e9","image_data":"AAAA","other":"x","prompt":"two"}""");
        rules.Show("set_image"u8, frame, (kind, text) => shown.Add($"{kind} {Encoding.UTF8.GetString(text)}"));

        Assert.Equal(["Prompts café", "Images AAAA", "Prompts two"], shown);
    }

    [Fact]
    public void A_frame_that_no_rule_names_costs_no_allocation()
    {
        var rules = Rules(new FramePolicy(Client: new(Denied: ["set_image"]), Texts: [new(10, "prompt", "prompt")]));
        var (frame, counts) = (Encoding.UTF8.GetBytes("""{"type":"ice-candidate","candidate":{"candidate":"x"}}"""), new RateCounts([]));

        var before = 0L;
        for (var i = 0; i < 2_000; i++)
        {
            if (i == 1_000)
                before = GC.GetAllocatedBytesForCurrentThread();
            if (!FrameType.TryRead(frame, out var type) || !rules.JudgeClient(type, frame, counts, i).IsPass)
                throw new InvalidOperationException("It was refused.");
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    internal static FrameRules Rules(params FramePolicy[] policies) => new(PolicyCombination.Of(policies, PolicyMode.Enforce)!);

    internal static FrameVerdict Judge(FramePolicy policy, string frame) => Judge(Rules(policy), Encoding.UTF8.GetBytes(frame));

    internal static FrameVerdict Judge(FrameRules rules, byte[] frame) =>
        FrameType.TryRead(frame, out var type) ? rules.JudgeClient(type, frame, new RateCounts(rules.Rates), now: 0) : new FrameVerdict(PolicyRule.Unreadable);
}
