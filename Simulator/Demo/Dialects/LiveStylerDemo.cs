using System.Globalization;

namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>
/// LiveStyler's client as its SDKs are: the token goes into the first frame, no model is named, the offer waits for the node, and
/// nobody counts anything that the client could hear.
/// </summary>
internal sealed class LiveStylerDemo : IDemoDialect
{
    private static readonly TimeSpan Use = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => "livestyler";

    /// <inheritdoc/>
    public string Model => "ls-demo";

    /// <inheritdoc/>
    public bool IsMeteredByGateway => true;

    /// <inheritdoc/>
    public bool NamesSessions => false;

    /// <inheritdoc/>
    public async Task UseAsync(DemoVisit visit, CancellationToken cancellationToken)
    {
        var address = visit.WebSocket("/client");
        visit.Tell(DemoStep.Connect, $"The client connects to {address}, and names its token in its first frame.");
        using var client = await DemoClient.ConnectAsync(address, cancellationToken);
        await client.SendAsync(new { type = "CREDENTIAL", payload = new { credential = visit.Token } }, cancellationToken);

        visit.WaitsFor = "the provider's word that the client may speak";
        while (await ReadAsync(client, cancellationToken) is { Type: not "answer" } frame)
            await HearAsync(client, frame, visit, cancellationToken);

        visit.Tell(DemoStep.Meter, "The provider has answered and will say no more: the gateway's own clock counts.");
        visit.WaitsFor = "five seconds of video";
        await Task.Delay(Use, visit.Time, cancellationToken);
        visit.Tell(DemoStep.End, string.Create(CultureInfo.InvariantCulture, $"The client has used it for {Use.TotalSeconds} s and leaves."));
        visit.WaitsFor = "the gateway's goodbye";
        await client.LeaveAsync(cancellationToken);
    }

    private static async Task HearAsync(DemoClient client, ClientFrame frame, DemoVisit visit, CancellationToken cancellationToken)
    {
        switch (frame)
        {
            case { Type: "auth_success" }:
                visit.Tell(DemoStep.Relay, "The client hears that it may speak, and asks for a node.");
                visit.WaitsFor = "a node of the provider";
                await client.SendAsync(new { type = "session_start" }, cancellationToken);
                break;
            case { Type: "node_status", Value: "waiting" }:
                visit.Tell(DemoStep.Relay, "The client hears that its node waits for it, and offers its media.");
                visit.WaitsFor = "the answer to the client's offer";
                await client.OfferAsync(cancellationToken);
                break;
            case { Type: "error" }:
                throw new DemoException($"The client was told: {frame.Value}.");
        }
    }

    private static async Task<ClientFrame> ReadAsync(DemoClient client, CancellationToken cancellationToken) =>
        await client.ReadAsync(cancellationToken) ?? throw new DemoException($"The gateway closed the client's connection: {client.Farewell}.");
}
