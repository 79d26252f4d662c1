using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart.Watching;

/// <summary>
/// The socket that shows a running session of dialect A to somebody else: it answers an offer, and its connection goes by the model
/// <c>watch-SESSION</c>. It stays when its session ends, so that a test sees who ends it.
/// </summary>
internal sealed class SubscribeEndpoint(SimulatorOptions options, ScriptLibrary scripts, Truth truth, ConnectionBook connections)
    : StreamEndpoint(options, scripts, truth, connections)
{
    /// <summary>Where watchers connect.</summary>
    public const string SubscribePath = "/subscribe/{session}";

    private static readonly Script Usual = Script.Begin.Hold();
    private static readonly Script NoSession = Script.Begin.Error("Decart has no such session").Close(1008, "No such session at api3.decart.ai");

    private readonly SimulatorOptions _options = options;
    private readonly ScriptLibrary _scripts = scripts;
    private readonly ConnectionBook _connections = connections;

    /// <summary>When set, watchers get this HTTP status and no socket.</summary>
    public int? Status { get; set; }

    public override Task HandleAsync(HttpContext context)
    {
        if (Status is not { } status)
            return base.HandleAsync(context);
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override string IdPrefix => "sim-watch";

    /// <inheritdoc/>
    protected override ConnectionRequest RequestOf(HttpContext context) =>
        ConnectionRequest.From(context.Request) with { Model = $"watch-{context.Request.RouteValues["session"]}" };

    /// <inheritdoc/>
    protected override Script ScriptFor(ConnectionRequest request)
    {
        var session = request.Model["watch-".Length..];
        return request.ApiKey == _options.ApiKey && _connections.Find(session) is { Farewell: null, SpeaksLiveKit: false }
            && request.Metadata.GetValueOrDefault("IP") == DecartWire.ServerAddress && request.Metadata.GetValueOrDefault("port") == $"{DecartWire.ServerPort}"
            ? _scripts.Find(request.Model) ?? Usual
            : NoSession;
    }
}
