namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>What Decart's two WebSocket dialects have in common: the address, the ticks, and how a client leaves.</summary>
internal abstract class DecartDemo : IDemoDialect
{
    private const int Ticks = 5;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Model { get; }

    /// <inheritdoc/>
    public bool IsMeteredByGateway => false;

    /// <inheritdoc/>
    public async Task UseAsync(DemoVisit visit, CancellationToken cancellationToken)
    {
        var address = visit.WebSocket("/v1/stream");
        visit.Tell(DemoStep.Connect, $"The client connects to {address}?api_key=***&model={Model}.");
        using var client = await DemoClient.ConnectAsync(new Uri($"{address}?api_key={Uri.EscapeDataString(visit.Token)}&model={Model}"), cancellationToken);

        visit.WaitsFor = "a node of the provider";
        await BeginAsync(client, visit, cancellationToken);
        for (var heard = 0; heard < Ticks;)
        {
            var frame = await client.ReadAsync(cancellationToken)
                ?? throw new DemoException($"The gateway closed the client's connection after {heard} ticks: {client.Farewell}.");
            switch (frame)
            {
                case { Type: "generation_tick" }:
                    heard++;
                    visit.WaitsFor = $"tick {heard + 1}";
                    visit.Tell(DemoStep.Meter, $"The client hears tick {heard}: {frame.Value} s.");
                    break;
                case { Type: "error" }:
                    throw new DemoException($"The client was told: {frame.Value}.");
                default:
                    await HearAsync(client, frame, visit, cancellationToken);
                    break;
            }
        }

        visit.Tell(DemoStep.End, $"The client has heard {Ticks} ticks and leaves.");
        visit.WaitsFor = "the gateway's goodbye";
        await client.LeaveAsync(cancellationToken);
    }

    /// <summary>What the client says first.</summary>
    protected virtual Task BeginAsync(DemoClient client, DemoVisit visit, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What the client does about a frame that is neither a tick nor an error.</summary>
    protected abstract Task HearAsync(DemoClient client, ClientFrame frame, DemoVisit visit, CancellationToken cancellationToken);
}
