using Orchestrator.Simulator.Demo;
using Orchestrator.Simulator.Demo.Dialects;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The demo in LiveStyler's dialect, as <c>./run --demo --dialect livestyler</c> plays it, on a gateway of its own.</summary>
[Trait("Category", "Slow")]
public class LiveStylerDemoScenarios(LiveStylerWorld world) : IClassFixture<LiveStylerWorld>
{
    [Fact]
    public async Task Its_figures_are_those_of_our_clock_of_the_ledger_and_of_the_provider()
    {
        var gateway = await world.StartGatewayAsync(
            ("Providers:livestyler:Endpoint", new Uri(world.Provider.WebSocketAddress, "/client?model=ls-demo").ToString()), ("Providers:livestyler:Models:0", "ls-demo"));
        var reseller = await world.NewTenantAsync();
        var keyFile = new FileInfo(Path.GetTempFileName());
        using var output = new StringWriter();
        try
        {
            await File.WriteAllTextAsync(keyFile.FullName, reseller.Key);

            var status = await DemoCommand.RunAsync(
                new DemoOptions { Gateway = gateway.Address, Simulator = world.Provider.Address, KeyFile = keyFile, Dialect = DemoDialects.Find("livestyler")! },
                output, colours: false, TimeProvider.System, CancellationToken.None);

            Assert.True(status == 0, output.ToString());
            Assert.Matches(@"demo ok: 5\.[0-9]{3} s generated, 5\.[0-9]{3} s recorded, 0\.1[02] USD charged\s*$", output.ToString());
            Assert.DoesNotContain(reseller.Key, output.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            keyFile.Delete();
        }
    }
}
