namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>Decart's dialect A: once its node is ready the client offers its media on the socket, and hears an answer.</summary>
internal sealed class DecartADemo : DecartDemo
{
    /// <inheritdoc/>
    public override string Name => "decart-a";

    /// <inheritdoc/>
    public override string Model => "sim-demo";

    /// <inheritdoc/>
    protected override async Task HearAsync(DemoClient client, ClientFrame frame, DemoVisit visit, CancellationToken cancellationToken)
    {
        switch (frame)
        {
            case { Type: "status", Value: "Ready" }:
                visit.Tell(DemoStep.Relay, "The client hears that its node is ready, and offers its media.");
                visit.WaitsFor = "the answer to the client's offer";
                await client.OfferAsync(cancellationToken);
                break;
            case { Type: "answer" }:
                visit.WaitsFor = "the provider to generate";
                break;
        }
    }
}
