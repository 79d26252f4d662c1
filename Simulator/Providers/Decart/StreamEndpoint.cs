using System.Security.Cryptography;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>The one WebSocket path of dialects A and B: lets clients in and plays each its model's script.</summary>
internal class StreamEndpoint(SimulatorOptions options, ScriptLibrary scripts, Truth truth, ConnectionBook connections)
{
    /// <summary>Where the provider's clients connect.</summary>
    public const string Path = "/v1/stream";

    private static readonly Script InvalidKey = Script.Begin.Error("Invalid API key").Close(1008, "Invalid API key");
    private static readonly Script InvalidModel = Script.Begin.Error("Invalid model").Close(1008, "Invalid model");

    /// <summary>Tells the sessions of two runs of the program apart; the number behind it those of one run.</summary>
    private readonly string _run = RandomNumberGenerator.GetHexString(5, lowercase: true);

    private long _opened;

    public virtual async Task HandleAsync(HttpContext context)
    {
        // The request first: after the switch it is the connection's business no more.
        var request = RequestOf(context);
        if (await WebSocketHandshake.AcceptAsync(context) is not { } stream)
            return;

        var number = Interlocked.Increment(ref _opened);
        var id = $"{IdPrefix}-{_run}{number:x7}";
        var sessionTruth = truth.Open(id, request.Model, request.Metadata);
        var connection = new ProviderConnection(id, number, request, ScriptFor(request), sessionTruth, stream, context.Abort, options);
        await using var _ = context.RequestAborted.Register(connection.Lost);

        connections.Add(connection);
        try
        {
            await connection.RunAsync();
        }
        finally
        {
            connections.End(connection);
            truth.End(sessionTruth);
        }
    }

    /// <summary>How the names of its sessions begin.</summary>
    protected virtual string IdPrefix => "sim";

    /// <summary>What the client asked for.</summary>
    protected virtual ConnectionRequest RequestOf(HttpContext context) => ConnectionRequest.From(context.Request);

    /// <summary>What a connection plays.</summary>
    protected virtual Script ScriptFor(ConnectionRequest request) =>
        request.ApiKey != options.ApiKey ? InvalidKey : scripts.Find(request.Model) ?? InvalidModel;
}
