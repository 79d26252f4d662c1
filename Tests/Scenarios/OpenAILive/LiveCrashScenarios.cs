using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios.OpenAILive;

/// <summary>Sessions go on without us, so whatever becomes of a gateway, somebody hangs them up.</summary>
[Trait("Category", "Slow")]
public class LiveCrashScenarios(LiveCrashScenarios.NoGateway world, ITestOutputHelper output) : IClassFixture<LiveCrashScenarios.NoGateway>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Each test starts the gateways that it loses.</summary>
    public sealed class NoGateway : LiveWorld
    {
        /// <inheritdoc/>
        protected override bool StartsGateway => false;

        /// <inheritdoc/>
        protected override bool NeedsSomeone => false;
    }

    [Fact]
    public async Task A_gateway_that_is_asked_to_stop_hangs_every_session_up()
    {
        var gateway = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var calls = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => world.OpenLiveAsync(reseller.Key, $"test-live-stop-{i}", gateway)));

        var took = await gateway.TerminateAsync();

        output.WriteLine($"figure: SIGTERM with {calls.Length} live sessions, gone after {took.TotalSeconds:0.00} s");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(6));
        foreach (var call in calls)
            Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task The_sessions_of_a_killed_gateway_are_hung_up_by_another_and_billed_up_to_then()
    {
        var lost = await world.StartGatewayAsync();
        var stays = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var calls = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => world.OpenLiveAsync(reseller.Key, $"test-live-kill-{i}", lost)));

        await lost.KillAsync();

        foreach (var call in calls)
        {
            Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
            Assert.Equal("process_lost", await world.EndOfAsync(reseller, call.Session, Patience, stays));
            var (recorded, span) = (await world.RecordedMsAsync(reseller, call.Session, stays), call.Upstream.Truth.SpanMilliseconds!.Value);
            output.WriteLine($"figure: session of a killed gateway: {span} ms used, {recorded} ms recorded");
            Assert.InRange(recorded, span - 250, span + 1_500);
        }
    }
}
