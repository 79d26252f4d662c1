using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world with observers: few may watch at once, and one that takes nothing is dropped after a second.</summary>
public class ObserverWorld : AccessWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Observers:MaxPerSession"] = "8",
        ["Observers:StallTimeout"] = "00:00:01",
    };

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Provider.Play("test-held", Script.Begin.SendSessionId().Hold());
    }

    /// <summary>Watches a session as one whose line holds little.</summary>
    public async Task<StreamClient> ObserveSlowlyAsync(string credential, string session)
    {
        using var narrow = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8 * 1024 };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }, disposeHandler: false);
        return await StreamClient.ConnectAsync(AddressOf(session, from: null), narrow, reads: false, ("X-API-KEY", credential), NewAddress());
    }

    /// <summary>Watches a session.</summary>
    public Task<StreamClient> ObserveAsync(string credential, string session, long? from = null) =>
        StreamClient.ConnectAsync(AddressOf(session, from), reads: true, ("X-API-KEY", credential), NewAddress());

    /// <summary>A token that watches a session.</summary>
    public async Task<string> ObserverTokenAsync(string key, string session, object? body = null)
    {
        using var http = Http(key);
        using var answer = await http.PostAsJsonAsync($"/v1/sessions/{session}/observers", body ?? new { });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("token").GetString()!;
    }

    /// <summary>Waits until an observer is told of a frame of that type, and answers what it was told.</summary>
    public static async Task<JsonElement> FrameAsync(StreamClient observer, string type, string? from = null)
    {
        while (true)
        {
            var told = JsonElement.Parse((await observer.ExpectAsync("frame")).Bytes);
            if (TypeOf(told) == type && (from is null || told.GetProperty("from").GetString() == from))
                return told;
        }
    }

    private Uri AddressOf(string session, long? from) =>
        new(new UriBuilder(Gateway.Address) { Scheme = "ws" }.Uri, $"/v1/sessions/{session}/observe{(from is null ? "" : $"?from={from}")}");

    /// <summary>The type of the frame that an observer was told of; empty when it has none.</summary>
    public static string TypeOf(JsonElement told) =>
        told.TryGetProperty("frame", out var frame) && frame.ValueKind is JsonValueKind.Object && frame.TryGetProperty("type", out var type) ? type.ToString() : "";

    /// <summary>
    /// Checks what an observer was told: every number from <paramref name="from"/> on, once and in order, or announced as lost.
    /// Answers the last of them.
    /// </summary>
    public static long AssertInOrder(StreamClient observer, long from = 1)
    {
        var next = from;
        foreach (var told in observer.All.Select(heard => JsonElement.Parse(heard.Bytes)))
        {
            switch (told.GetProperty("type").GetString())
            {
                case "frame":
                    Assert.Equal(next, told.GetProperty("seq").GetInt64());
                    next++;
                    break;
                case "gap":
                    Assert.Equal(next, told.GetProperty("from").GetInt64());
                    next = told.GetProperty("to").GetInt64() + 1;
                    break;
            }
        }

        return next - 1;
    }
}
