using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Policies;

/// <summary>What holds of policies and frames of any kind.</summary>
public class PolicyLawTests
{
    private static readonly string[] Types = ["offer", "prompt", "set_image", "session.update", "conversation.item.create", "x"];

    private static readonly string[] Values =
    [
        "null", "\"\"", "\"abc\"", "\"a long text of many letters\"", "\"\\u00e4\\n\"", "\"\\ud800\"", "7", "[]", "{}", "[{\"text\":\"abcdef\"}]",
        "{\"instructions\":\"x\",\"model\":null}", "{\"content\":[{\"text\":\"abcdef\"},3]}", "\"iVBORw0KGgoAAAANSUhEUg==\"", "\"/9j/4AAQSkZJRgABAQAAAQ==\"",
    ];

    private static readonly string[] Names = ["prompt", "image_data", "session", "item", "type", "t\\u0079pe", "sdp", "x"];

    private static readonly Gen<TypeList?> Lists =
        from allowed in Gen.Elements<string[]?>(null, null, ["offer", "prompt"], ["prompt", "set_image", "session.update"], [])
        from denied in Gen.Elements<string[]?>(null, null, ["prompt"], ["x", "set_image"])
        select allowed is null && denied is null ? null : new TypeList(allowed, denied);

    private static readonly Gen<FramePolicy> Policies =
        from client in Lists
        from upstream in Lists
        from locked in Gen.Elements<LockedField[]?>(null, [new("session.update", "session.model")], [new("session.update", "session.instructions"), new("offer", "sdp")])
        from texts in Gen.Elements<TextRule[]?>(null, [new(3)], [new(10), new(5, "prompt", "prompt")], [new(0, "offer", "sdp")])
        from images in Gen.Elements<ImageRule[]?>(null, [new(16)], [new(null, [ImageFormat.Png])], [new(14, [ImageFormat.Jpeg, ImageFormat.Png])])
        from rates in Gen.Elements<RateRule[]?>(null, [new("prompt", 2, 1_000)], [new("prompt", 5, 60_000), new("x", 1, 100)])
        from mode in Gen.Elements(PolicyMode.Enforce, PolicyMode.Enforce, PolicyMode.DryRun)
        select new FramePolicy(mode, client, upstream, locked, null, texts, images, rates);

    private static readonly Gen<string> Frames =
        from type in Gen.Elements(Types)
        from first in Gen.Elements(true, true, false)
        from members in (from name in Gen.Elements(Names) from value in Gen.Elements(Values) select $"\"{name}\":{value}").ArrayOf(3)
        from count in Gen.Choose(0, 3)
        from tail in Gen.Elements("}", "}", "}", "", "}}", "} ")
        select "{" + string.Join(",", first ? members.Take(count).Prepend($"\"type\":\"{type}\"") : members.Take(count).Append($"\"type\":\"{type}\"")) + tail;

    /// <summary>A sequence of frames, each a tenth of a second after the one before.</summary>
    private static readonly Gen<(FramePolicy[] Policies, string[] Frames)> Plays =
        from count in Gen.Choose(1, 4)
        from policies in Policies.ArrayOf(count)
        from length in Gen.Choose(1, 12)
        from frames in Frames.ArrayOf(length)
        select (policies, frames);

    [Fact]
    public void Another_policy_never_lets_pass_what_was_refused_without_it() => Laws.Hold(Arb.From(Plays.Where(play => play.Policies.Length > 1)), play =>
    {
        // Rates depend on what passed before; each frame is held against full buckets.
        foreach (var frame in play.Frames.Select(Encoding.UTF8.GetBytes))
        {
            var all = Refuses(play.Policies, frame);
            foreach (var fewer in play.Policies.Select((_, i) => play.Policies.Where((_, other) => other != i).ToArray()))
                Assert.True(all || !Refuses(fewer, frame));
        }
    });

    [Fact]
    public void Neither_the_order_of_policies_nor_how_often_one_is_there_makes_a_difference() => Laws.Hold(Arb.From(Plays), play =>
        Assert.Equal(Rules(play.Policies, play.Frames), Rules([.. play.Policies.Reverse(), play.Policies[0]], play.Frames)));

    [Fact]
    public void A_dry_run_finds_what_enforcing_finds() => Laws.Hold(Arb.From(Plays), play =>
    {
        var enforced = play.Policies.Select(policy => policy with { Mode = PolicyMode.Enforce }).ToArray();
        var dry = play.Policies.Select(policy => policy with { Mode = PolicyMode.DryRun }).ToArray();

        Assert.Equal(Rules(enforced, play.Frames, PolicyMode.Enforce), Rules(dry, play.Frames, PolicyMode.DryRun));
        Assert.Null(PolicyCombination.Of(dry, PolicyMode.Enforce));
    });

    [Fact]
    public void A_policy_means_the_same_after_it_has_travelled() => Laws.Hold(Arb.From(Plays), play =>
    {
        var travelled = JsonSerializer.Deserialize<FramePolicy[]>(JsonSerializer.Serialize(play.Policies, ContractJson.Options), ContractJson.Options)!;

        Assert.Equal(Rules(play.Policies, play.Frames), Rules(travelled, play.Frames));
        Assert.All(travelled, policy => Assert.Empty(PolicyCheck.FlawsOf(policy)));
    });

    [Fact]
    public void A_type_that_is_read_is_the_only_one_that_any_reader_finds() => Laws.Hold(Arb.From(Frames), frame =>
    {
        if (!FrameType.TryRead(Encoding.UTF8.GetBytes(frame), out var type))
            return;
        var read = Encoding.UTF8.GetString(type);
        try
        {
            using var document = JsonDocument.Parse(frame);
            Assert.Equal([read], document.RootElement.EnumerateObject().Where(member => member.NameEquals("type")).Select(member => member.Value.ToString()));
        }
        catch (JsonException)
        {
            // Broken off behind its type; no reader finds more.
        }
    }, tests: 2_000);

    private static bool Refuses(FramePolicy[] policies, byte[] frame) => Sets(policies).Any(rules => !FrameRulesTests.Judge(rules, frame).IsPass);

    private static IEnumerable<FrameRules> Sets(FramePolicy[] policies) =>
        PolicyCombination.Of(policies, PolicyMode.Enforce) is { } combined ? [new FrameRules(combined)] : [];

    private static IReadOnlyList<PolicyRule> Rules(FramePolicy[] policies, string[] frames, PolicyMode mode = PolicyMode.Enforce)
    {
        if (PolicyCombination.Of(policies, mode) is not { } combined)
            return [];
        var rules = new FrameRules(combined);
        var counts = new RateCounts(rules.Rates);
        return [.. frames.Select((frame, i) => FrameType.TryRead(Encoding.UTF8.GetBytes(frame), out var type)
            ? rules.JudgeClient(type, Encoding.UTF8.GetBytes(frame), counts, now: i * 100).Rule
            : PolicyRule.Unreadable)];
    }
}
