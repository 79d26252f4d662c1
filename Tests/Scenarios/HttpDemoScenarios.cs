using Orchestrator.Simulator.Demo;
using Orchestrator.Simulator.Demo.Dialects;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The demo of a client without a WebSocket, as <c>./run --demo --dialect http</c> plays it.</summary>
[Trait("Category", "Slow")]
public class HttpDemoScenarios(DecartHttpWorld world) : IClassFixture<DecartHttpWorld>
{
    [Fact]
    public async Task Its_figures_are_those_of_our_clock_of_the_ledger_and_of_the_provider()
    {
        var reseller = await world.NewTenantAsync();
        var keyFile = new FileInfo(Path.GetTempFileName());
        using var output = new StringWriter();
        try
        {
            await File.WriteAllTextAsync(keyFile.FullName, reseller.Key);

            var status = await DemoCommand.RunAsync(
                new DemoOptions { Gateway = world.Gateway.Address, Simulator = world.Provider.Address, KeyFile = keyFile, Dialect = DemoDialects.Find("http")! },
                output, colours: false, TimeProvider.System, CancellationToken.None);

            Assert.True(status == 0, output.ToString());
            Assert.Matches(@"demo ok: 5\.[0-9]{3} s generated, 5\.[0-9]{3} s recorded, 0\.1[02] USD charged\s*$", output.ToString());
        }
        finally
        {
            keyFile.Delete();
        }
    }
}
