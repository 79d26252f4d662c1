using System.Text;
using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Sessions.Policies;

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
        Assert.Equal("""{"type":"session.update","session":{"instructions":"be kind","audio":{"output":{"voice":"ash"}},"type":"realtime"}}""", revert);
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

        Assert.Equal("""{"type":"session.update","session":{"instructions":null}}""", revert);
    }

    [Fact]
    public void What_the_tenants_server_sets_stands_from_then_on()
    {
        var watch = Watch(new FramePolicy(Locked: Locked));
        Look(watch, Settings("session.created", "be kind", "ash"));

        watch.Steered("""{"type":"session.update","session":{"instructions":"be brief "}}"""u8);

        Assert.Equal((0, null), Look(watch, Settings("session.updated", "be brief", "ash")));
        Assert.Equal("""{"type":"session.update","session":{"instructions":"be brief","type":"realtime"}}""", Look(watch, Settings("session.updated", "be rude", "ash")).Revert);
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
        Assert.Null(SettingsWatch.Of(CompiledPolicy.Of([new FramePolicy(Locked: [new("offer", "sdp")]), new FramePolicy()])));

    private static SettingsWatch Watch(FramePolicy policy) => SettingsWatch.Of(CompiledPolicy.Of([policy]))!;

    private static (int Changes, string? Revert) Look(SettingsWatch watch, string frame)
    {
        var (changes, revert) = watch.Look(Encoding.UTF8.GetBytes(frame));
        return (changes.Count, revert is null ? null : Encoding.UTF8.GetString(revert));
    }

    private static string Settings(string type, string instructions, string voice) =>
        $$$"""{"type":"{{{type}}}","session":{"type":"realtime","model":"m","instructions":"{{{instructions}}}","audio":{"output":{"voice":"{{{voice}}}"} } } }""";
}
