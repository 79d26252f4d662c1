using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Faults;

/// <summary>A silo whose certificate another authority signed is no member, and disturbs nobody who is.</summary>
[Trait("Category", "Slow"), Collection(FaultCollection.Name)]
public class ForeignSiloTests(ClusterWorld world, ITestOutputHelper output) : IClassFixture<ClusterWorld>
{
    [Fact]
    public async Task A_silo_with_a_foreign_certificate_does_not_get_in()
    {
        using var ours = new SiloCertificates();
        using var foreign = new SiloCertificates();
        var silos = await world.StartSilosAsync(2, settings: ours.Settings);
        var reseller = await world.NewPayerAsync();
        var first = await LiveSessions.OpenAsync(world, reseller, silos[0], count: 5);
        var second = await LiveSessions.OpenAsync(world, reseller, silos[1], count: 5);

        // It may not listen at all; where it does it never becomes ready.
        var refused = await Record.ExceptionAsync(async () =>
        {
            var stranger = await world.StartSiloAsync(settings: foreign.Settings);
            await ClusterWorld.ReadyAsync([stranger], TimeSpan.FromSeconds(20));
        });

        Assert.NotNull(refused);
        output.WriteLine($"figure: a silo with a foreign certificate: {refused.Message.Split('\n')[0]}");
        await first.GoOnAsync(3);
        await second.GoOnAsync(3);
        var fresh = await LiveSessions.OpenAsync(world, reseller, silos[0], count: 5);
        await Task.WhenAll(first.CloseAsync(world), second.CloseAsync(world), fresh.CloseAsync(world));
    }
}
