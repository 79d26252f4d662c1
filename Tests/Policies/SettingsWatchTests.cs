using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Policies;
using Orchestrator.Gateway.Policies;
using Orchestrator.Grains.Sessions.Policies;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Policies;

/// <summary>Settings of a call, of which only the sideband tells.</summary>
public class SettingsWatchTests
{
    private static readonly LockedField[] Locked =
        [new("session.update", "session.instructions"), new("session.update", "session.audio.output.voice"), new("session.update", "session.model")];

    [Fact]
    public void What_the_client_changed_is_changed_back_to_what_it_was()
    {
        var watch = Watch(new FramePolicy(Locked: Locked));
        Assert.Equal((0, null), Look(watch, Settings("session.created", "be kind", "ash")));

        var (changes, revert) = Look(watch, Settings("session.updated", "be rude", "verse"));

        Assert.Equal(2, changes);
        Assert.Equal(Restored("""{"instructions":"be kind","audio":{"output":{"voice":"ash"}},"type":"realtime"}"""), revert);
        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be kind", "ash")));
        Assert.Equal((0, null), Look(watch, Settings("session.created", "be kind", "ash")));
        Assert.Equal((0, null), Look(watch, """{"type":"response.done","session":{"instructions":"x"}}"""));
    }

    [Fact]
    public void What_was_not_set_is_cleared_again()
    {
        var watch = Watch(new FramePolicy(Locked: Locked));
        Look(watch, """{"type":"session.created","session":{"model":"m"}}""");

        var (_, revert) = Look(watch, """{"type":"session.updated","session":{"model":"m","instructions":"x"}}""");

        Assert.Equal(Restored("""{"instructions":null,"type":"realtime"}"""), revert);
    }

    [Fact]
    public void What_the_tenants_server_sets_stands_from_then_on()
    {
        var watch = Watch(new FramePolicy(Locked: Locked));
        Look(watch, Settings("session.created", "be kind", "ash"));

        watch.Steered("""{"type":"session.update","session":{"instructions":"be brief "}}"""u8);

        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be brief", "ash")));
        Assert.Equal(Restored("""{"instructions":"be brief","type":"realtime"}"""), Look(watch, Settings("session.updated", "be rude", "ash")).Revert);
    }

    [Fact]
    public void Where_the_policy_says_so_or_there_is_no_way_back_the_session_ends()
    {
        var ending = Watch(new FramePolicy(Locked: Locked, OnSideband: SidebandAnswer.End));
        Look(ending, Settings("session.created", "be kind", "ash"));
        var model = Watch(new FramePolicy(Locked: Locked));
        Look(model, """{"type":"session.created","session":{"model":"m"}}""");

        Assert.Equal([SidebandAnswer.End], ending.Look(Encoding.UTF8.GetBytes(Settings("session.updated", "be rude", "ash"))).Changes.Select(change => change.Answer));
        Assert.Equal([SidebandAnswer.End], model.Look("""{"type":"session.updated","session":{"model":"n"}}"""u8).Changes.Select(change => change.Answer));
    }

    [Fact]
    public void Who_changes_it_again_and_again_is_not_changed_back_for_ever()
    {
        var watch = Watch(new FramePolicy(Locked: Locked));
        Look(watch, Settings("session.created", "be kind", "ash"));

        var answers = Enumerable.Range(0, 11).Select(i => watch.Look(Encoding.UTF8.GetBytes(Settings("session.updated", $"be rude {i}", "ash"))).Changes.Single().Answer).ToList();

        Assert.Equal([.. Enumerable.Repeat(SidebandAnswer.Revert, 10), SidebandAnswer.End], answers);
    }

    [Fact]
    public void A_dry_run_tells_each_change_once_and_changes_nothing_back()
    {
        var watch = Watch(new FramePolicy(PolicyMode.DryRun, Locked: Locked));
        Look(watch, Settings("session.created", "be kind", "ash"));

        Assert.Equal((1, null), Look(watch, Settings("session.updated", "be rude", "ash")));
        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be rude", "ash")));
        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be kind", "ash")));
        Assert.Equal((1, null), Look(watch, Settings("session.updated", "be rude", "ash")));
    }

    [Fact]
    public void A_policy_that_locks_nothing_of_a_session_watches_nothing() =>
        Assert.Null(SettingsWatch.Of(CompiledPolicy.Of([new FramePolicy(Locked: [new("offer", "sdp")]), new FramePolicy()]), sealedSettings: null, TimeProvider.System));

    [Theory]
    [InlineData("""{"client":{"denied":["session.update"]}}""", "voice", 1, "type")]
    [InlineData("""{"client":{"allowed":["response.create"]}}""", "voice", 1, "type")]
    [InlineData("""{"locked":[{"type":"session.update","path":"session"}]}""", "voice", 1, "locked_field")]
    [InlineData("""{"locked":[{"type":"session.update","path":"session.audio"}]}""", "voice", 1, "locked_field")]
    [InlineData("""{"locked":[{"type":"session.update","path":"session.tools[].name"}]}""", "tool", 1, "locked_field")]
    [InlineData("""{"locked":[{"type":"session.update","path":"session.tools[].name"}]}""", "voice", 0, null)]
    [InlineData("""{"locked":[{"type":"response.create","path":"response.instructions"}],"texts":[{"maxCharacters":9}]}""", "words", 1, "text_length")]
    [InlineData("""{"texts":[{"maxCharacters":90}]}""", "words", 0, null)]
    public void A_change_is_judged_as_the_update_that_would_have_made_it(string policy, string change, int against, string? rule)
    {
        const string Before = """{"type":"session.created","session":{"instructions":"be kind","audio":{"output":{"voice":"ash"}},"tools":[{"name":"a"}]}}""";
        var watch = Watch(PolicyJson.ReadInline(JsonElement.Parse(policy), "policy", [])!);
        Look(watch, Before);

        var (changes, revert) = watch.Look(Encoding.UTF8.GetBytes(Before.Replace("created", "updated", StringComparison.Ordinal).Replace(
            change switch { "voice" => "\"ash\"", "tool" => "\"a\"", _ => "be kind" }, change switch { "words" => "be rude now", _ => "\"x\"" }, StringComparison.Ordinal)));

        Assert.Equal(against, changes.Count);
        Assert.Equal(rule, changes.Count == 0 ? null : PolicyMetrics.WordOf(changes[0].Verdict.Rule));
        Assert.Equal(against, revert is null ? 0 : 1);
    }

    [Fact]
    public void A_client_that_was_faster_than_our_first_look_is_changed_back_too()
    {
        var watch = Watch(new FramePolicy(Locked: Locked), """{"model":"m","instructions":"be kind","audio":{"input":{"turn_detection":{"type":"server_vad"}}}}""");
        watch.Offered("""{"type":"offer","sdp":"v=0","session":{"audio":{"output":{"voice":"ash"}}}}"""u8);

        var (changes, revert) = Look(watch, Settings("session.created", "be rude", "verse"));

        Assert.Equal((2, Restored("""{"instructions":"be kind","audio":{"output":{"voice":"ash"}},"type":"realtime"}""")), (changes, revert));
        // Told again on another connection, it is changed back again and not recorded again.
        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be rude", "verse")));
        Assert.Equal((0, revert), Look(watch, Settings("session.created", "be rude", "verse")));
    }

    [Fact]
    public void What_a_provider_adds_to_what_was_asked_for_is_nobodys_change()
    {
        LockedField[] locked = [new("session.update", "session.audio.input.turn_detection"), new("session.update", "session.instructions")];
        var watch = Watch(new FramePolicy(Locked: locked), """{"instructions":"","audio":{"input":{"turn_detection":{"type":"server_vad"}}}}""");

        Assert.Equal((0, null), Look(watch, Detection("created", """{"type":"server_vad","threshold":0.5}""")));
        watch.Steered("""{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":{"type":"semantic_vad"}}}}}"""u8);
        Assert.Equal((0, null), Look(watch, Detection("updated", """{"type":"semantic_vad","eagerness":"auto","threshold":null}""")));

        static string Detection(string what, string detection) =>
            $$$"""{"type":"session.{{{what}}}","session":{"instructions":"You are.","audio":{"input":{"turn_detection":{{{detection}}}} } } }""";
    }

    [Fact]
    public void What_the_client_says_while_the_tenants_server_is_changing_settings_is_not_taken_for_its_word()
    {
        var watch = Watch(new FramePolicy(Locked: Locked));
        Look(watch, Settings("session.created", "be kind", "ash"));

        watch.Steered("""{"type":"session.update","session":{"instructions":"be brief"}}"""u8);

        Assert.Equal((1, Restored("""{"instructions":"be kind","type":"realtime"}""")), Look(watch, Settings("session.updated", "be rude", "ash")));
        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be brief", "ash")));
        // Our own revert came behind it.
        Assert.Equal((1, Restored("""{"instructions":"be brief","type":"realtime"}""")), Look(watch, Settings("session.updated", "be kind", "ash")));
        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be brief", "ash")));
    }

    [Fact]
    public void What_is_not_changed_back_in_time_is_overdue()
    {
        var time = new TestTimeProvider();
        var watch = SettingsWatch.Of(CompiledPolicy.Of([new FramePolicy(Locked: Locked)]), sealedSettings: null, time)!;
        Look(watch, Settings("session.created", "be kind", "ash"));
        Look(watch, Settings("session.updated", "be rude", "ash"));

        Assert.False(watch.IsOverdue);
        time.Advance(SettingsWatch.LongestRevert + TimeSpan.FromSeconds(1));
        Assert.True(watch.IsOverdue);
        Look(watch, Settings("session.updated", "be kind", "ash"));
        Assert.False(watch.IsOverdue);
    }

    private static SettingsWatch Watch(FramePolicy policy, string? sealedSettings = null) =>
        SettingsWatch.Of(CompiledPolicy.Of([policy]), sealedSettings, TimeProvider.System)!;

    private static string Restored(string session) => $$"""{"type":"session.update","event_id":"event_restored","session":{{session}}}""";

    private static (int Changes, string? Revert) Look(SettingsWatch watch, string frame)
    {
        var (changes, revert) = watch.Look(Encoding.UTF8.GetBytes(frame));
        return (changes.Count, revert is null ? null : Encoding.UTF8.GetString(revert));
    }

    private static string Settings(string type, string instructions, string voice) =>
        $$$"""{"type":"{{{type}}}","session":{"type":"realtime","model":"m","instructions":"{{{instructions}}}","audio":{"output":{"voice":"{{{voice}}}"} } } }""";
}
