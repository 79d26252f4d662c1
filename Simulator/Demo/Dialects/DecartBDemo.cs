namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>Decart's dialect B: the client joins at once, waits its turn, and is given a room of a media server.</summary>
internal sealed class DecartBDemo : DecartDemo
{
    /// <inheritdoc/>
    public override string Name => "decart-b";

    /// <inheritdoc/>
    public override string Model => "sim-livekit";

    /// <inheritdoc/>
    protected override async Task BeginAsync(DemoClient client, DemoVisit visit, CancellationToken cancellationToken)
    {
        visit.Tell(DemoStep.Relay, "The client asks to join a room.");
        visit.WaitsFor = "a room for the client";
        await client.JoinAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task HearAsync(DemoClient client, ClientFrame frame, DemoVisit visit, CancellationToken cancellationToken)
    {
        switch (frame)
        {
            case { Type: "queue_position" }:
                visit.Tell(DemoStep.Relay, $"The client hears its place in the queue: {frame.Value}.");
                break;
            case { Type: "livekit_room_info" }:
                visit.Tell(DemoStep.Relay, $"The client is given a room at {frame.Value}; its media would go there.");
                visit.WaitsFor = "the provider to generate";
                break;
        }

        return Task.CompletedTask;
    }
}
