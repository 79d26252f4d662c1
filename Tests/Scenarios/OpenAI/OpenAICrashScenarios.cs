using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>Calls go on without us, so whatever becomes of a gateway, somebody hangs its calls up.</summary>
[Trait("Category", "Slow")]
public class OpenAICrashScenarios(OpenAICrashScenarios.NoGateway world, ITestOutputHelper output) : IClassFixture<OpenAICrashScenarios.NoGateway>
{
    private const long ToleranceMs = 1_500;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Each test starts the gateways that it loses.</summary>
    public sealed class NoGateway : OpenAIWorld
    {
        /// <inheritdoc/>
        protected override bool StartsGateway => false;

        /// <inheritdoc/>
        protected override bool NeedsSomeone => false;
    }

    [Fact]
    public async Task A_gateway_that_is_asked_to_stop_hangs_every_call_up()
    {
        var gateway = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var calls = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => world.CallAsync(reseller.Key, $"test-voice-stop-{i}", gateway)));

        var took = await gateway.TerminateAsync();

        output.WriteLine($"figure: SIGTERM with {calls.Length} live calls, gone after {took.TotalSeconds:0.00} s");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(6));
        foreach (var call in calls)
            Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task The_calls_of_a_killed_gateway_are_hung_up_by_another_and_billed_up_to_then()
    {
        var lost = await world.StartGatewayAsync();
        var stays = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var calls = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => world.CallAsync(reseller.Key, $"test-voice-kill-{i}", lost)));
        // One that ends while nobody listens: since when, nobody knows.
        var ends = await world.CallAsync(reseller.Key, "test-voice-kill-gone", lost);

        await lost.KillAsync();
        await ends.Upstream.LeaveAsync();

        foreach (var call in calls)
        {
            Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
            Assert.Equal("process_lost", await world.EndOfAsync(reseller, call.Session, Patience, stays));
            var (recorded, span) = (await world.RecordedMsAsync(reseller, call.Session, stays), call.Upstream.Truth.SpanMilliseconds!.Value);
            output.WriteLine($"figure: call of a killed gateway: {span} ms used, {recorded} ms recorded");
            Assert.InRange(recorded, span - 250, span + ToleranceMs);
        }

        Assert.Equal("process_lost", await world.EndOfAsync(reseller, ends.Session, Patience, stays));
        Assert.InRange(await world.RecordedMsAsync(reseller, ends.Session, stays), 0, ends.Upstream.Truth.SpanMilliseconds!.Value + 250);
    }
}
