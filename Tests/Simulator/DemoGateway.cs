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
        _app.MapGet("/v1/sessions/s1/charge", (HttpRequest request) => Charge(isReseller: request.Headers["X-API-KEY"] == ResellerKey));
        _app.MapGet("/v1/tenants/customer/wallet", () => new { settled = Money(100_000), held = Money(0), available = Money(99_900_000) });
        _app.MapGet("/control/stripe/events", (int after) => Results.Text(after > 0 ? """{"data":[],"next":1}""" : AcceptedEvents, "application/json"));
        _app.MapGet("/control/truth/sim-1", () => Results.Text("""{"session_id":"sim-1","open":false,"ticks":5,"max_milliseconds":5000,"model":"sim-demo"}""", "application/json"));
    }

    public const string Key = "ork_demo";

    public const string ResellerKey = "ork_reseller";

    public Uri Address => new(_app.Urls.First());

    /// <summary>To which second the ledger's one row goes.</summary>
    public decimal LedgerTo { get; init; } = 5;

    /// <summary>How many seconds the reseller pays for.</summary>
    public long ResellerSeconds { get; init; } = 5;

    /// <summary>How the batches stand.</summary>
    public string BatchState { get; init; } = "sent";

    /// <summary>How often Stripe has each batch.</summary>
    public int Accepted { get; init; } = 1;

    /// <summary>How many seconds of each it has.</summary>
    public int AcceptedSeconds { get; init; } = 5;

    /// <summary>What the client hears after its offer.</summary>
    public IReadOnlyList<string> Frames { get; init; } =
        ["""{"type":"answer","sdp":"v=0"}""", .. Enumerable.Range(1, 5).Select(second => $$"""{"type":"generation_tick","seconds":{{second}}}""")];

    /// <summary>What the client said first.</summary>
    public string? FirstWords { get; private set; }

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

    private object Charge(bool isReseller)
    {
        var levels = new[] { Level("reseller", 12_000, ResellerSeconds), Level("customer", 20_000, 5) }[(isReseller ? 0 : 1)..];
        return new
        {
            tenant = "customer",
            currency = "USD",
            runs = new[] { new { ordinal = 1, recordedSeconds = 5m, authorisedSeconds = 10m, levels } },
            hold = (object?)null,
            totals = levels.Select(level => new { tenant = level.Tenant, amount = level.Charge }),
            exports = new[] { Batch("reseller", "v1:wholesale", ResellerSeconds), Batch("customer", "v1:retail", 5) }[(isReseller ? 0 : 1)..],
        };
    }

    private static PaidLevel Level(string tenant, long rate, long seconds) => new(tenant, rate, seconds, Money(rate * seconds), Money(rate * seconds));

    private static Paid Money(long micros) => new(micros, "USD", FormattableString.Invariant($"{micros / 1_000_000m:0.00} USD"));

    private object Batch(string tenant, string identifier, long seconds) => new { tenant, sink = "stripe", identifier, state = BatchState, unit = "seconds", value = seconds };

    private string AcceptedEvents
    {
        get
        {
            var events = Enumerable.Repeat(new[] { Event("acct_simulator", "cus_reseller", "v1:wholesale"), Event("acct_reseller", "cus_customer", "v1:retail") }, Accepted);
            return $$"""{"data":[{{string.Join(',', events.SelectMany(pair => pair))}}],"next":1}""";
        }
    }

    private string Event(string account, string customer, string identifier) => $$"""
        {"account":"{{account}}","event_name":"generation_seconds","identifier":"{{identifier}}","customer":"{{customer}}",
         "value":{{AcceptedSeconds}},"cancelled":false,"failure":null}
        """;

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
        var first = await socket.ReceiveAsync(buffer, context.RequestAborted);
        FirstWords = Encoding.UTF8.GetString(buffer, 0, first.Count);
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

    private sealed record Paid(long Micros, string Currency, string Text);

    private sealed record PaidLevel(string Tenant, long MicrosPerSecond, long BilledSeconds, Paid Charge, Paid SettledFromWallet);

    private sealed record Happening(int Sequence, DateTimeOffset At, string Kind);
}
