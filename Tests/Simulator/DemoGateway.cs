using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Tests.Simulator;

/// <summary>A gateway's API and a simulator's truth as far as the demo asks them, with whatever figures a test wants.</summary>
internal sealed class DemoGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private volatile string? _endUser;
    private volatile bool _ended;

    public DemoGateway()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.UseWebSockets();
        _app.MapPost("/v1/client/tokens", MintAsync);
        _app.MapGet("/v1/stream", StreamAsync);
        _app.MapGet("/v1/sessions", () => new { sessions = _endUser is null ? [] : new[] { Session } });
        _app.MapGet("/v1/sessions/s1", () => Session);
        _app.MapGet("/v1/sessions/s1/timeline", (int after) => new { events = Events.Where(happened => happened.Sequence > after) });
        _app.MapGet("/control/truth/sim-1", () => Results.Text("""{"session_id":"sim-1","open":false,"ticks":5,"max_milliseconds":5000,"model":"sim-demo"}""", "application/json"));
    }

    public const string Key = "ork_demo";

    public Uri Address => new(_app.Urls.First());

    /// <summary>To which second the ledger's one row goes.</summary>
    public decimal LedgerTo { get; init; } = 5;

    /// <summary>What the client hears after its offer.</summary>
    public IReadOnlyList<string> Frames { get; init; } =
        ["""{"type":"answer","sdp":"v=0"}""", .. Enumerable.Range(1, 5).Select(second => $$"""{"type":"generation_tick","seconds":{{second}}}""")];

    /// <summary>Whether the socket is closed after the last frame, instead of waiting for the client.</summary>
    public bool Closes { get; init; }

    public async Task<DemoGateway> StartAsync()
    {
        await _app.StartAsync();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private object Session => new
    {
        id = "s1",
        endUser = _endUser,
        upstream = new { provider = "simulator", sessionId = "sim-1" },
        charge = new { micros = 100_000, currency = "USD", text = "0.10 USD" },
        createdAt = DateTimeOffset.UnixEpoch,
        generations = new[]
        {
            new { run = 1, seconds = 5m, ledger = new[] { new { from = 0m, to = LedgerTo } }, price = new { microsPerSecond = 20_000m, rounding = "ceil", stepSeconds = 1 } },
        },
    };

    private IEnumerable<Happening> Events => _ended ? [Claimed, Claimed with { Sequence = 2, Kind = "session_ended" }] : [Claimed];

    private static Happening Claimed { get; } = new(1, DateTimeOffset.UnixEpoch, "session_claimed");

    private async Task<IResult> MintAsync(HttpRequest request)
    {
        if (request.Headers["X-API-KEY"] != Key)
            return Results.Json(new { code = "invalid_credential", title = "Unauthorized: invalid API key" }, statusCode: 401);
        var body = await request.ReadFromJsonAsync<JsonElement>();
        _endUser = body.GetProperty("metadata").GetProperty("user_id").GetString();
        return Results.Json(new { apiKey = "ek_token" });
    }

    private async Task StreamAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4096];
        await SayAsync(socket, """{"type":"status","status":"Ready"}""");
        await socket.ReceiveAsync(buffer, context.RequestAborted);
        foreach (var frame in Frames)
            await SayAsync(socket, frame);
        if (Closes)
            await socket.CloseOutputAsync((WebSocketCloseStatus)4400, "Unauthorized", context.RequestAborted);
        await socket.ReceiveAsync(buffer, context.RequestAborted);
        _ended = true;
        if (!Closes)
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, context.RequestAborted);
    }

    private static Task SayAsync(WebSocket socket, string frame) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    private sealed record Happening(int Sequence, DateTimeOffset At, string Kind);
}
