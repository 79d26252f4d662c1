using System.Text.Json;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Clients;

/// <summary>
/// The media node behind a simulated provider: answers the offers of a connection with a peer connection of the browser, so
/// that pictures really flow between the client and it, past the gateway.
/// </summary>
internal sealed class MediaPeer(RealClient peer, ProviderConnection connection)
{
    private readonly string _name = connection.Id;
    private readonly HashSet<long> _handled = [];

    /// <summary>Answers the next offer and exchanges candidates until all are sent.</summary>
    public async Task AnswerAsync()
    {
        var offer = await NextAsync("offer");
        var sdp = (await peer.CallAsync("answer", _name, offer.GetProperty("sdp").GetString())).GetString();
        await SendAsync(new { type = "answer", sdp });
        await Task.WhenAll(OursAsync(), TheirsAsync());
    }

    /// <summary>Done once that many pictures of the client's camera have come.</summary>
    public Task<JsonElement> SeesAsync(int pictures) => peer.CallAsync("seen", _name, pictures);

    private async Task OursAsync()
    {
        JsonElement candidate;
        do
        {
            candidate = (await peer.NextAsync("candidate", told => told.GetProperty("name").GetString() == _name)).GetProperty("candidate");
            await SendAsync(new { type = "ice-candidate", candidate });
        }
        while (candidate.ValueKind is not JsonValueKind.Null);
    }

    private async Task TheirsAsync()
    {
        JsonElement candidate;
        do
        {
            candidate = (await NextAsync("ice-candidate")).GetProperty("candidate");
            await peer.CallAsync("candidate", _name, candidate);
        }
        while (candidate.ValueKind is not JsonValueKind.Null);
    }

    private async Task<JsonElement> NextAsync(string type)
    {
        var frame = await Eventually.SeesAsync(
            $"'{type}' from the client", () => Task.FromResult(connection.Received.FirstOrDefault(frame => frame.Type == type && !_handled.Contains(frame.Number))),
            frame => frame is not null, TimeSpan.FromSeconds(20));
        _handled.Add(frame!.Number);
        return JsonElement.Parse(frame.Bytes.Span);
    }

    private Task SendAsync<T>(T frame) => connection.SendTextAsync(JsonSerializer.Serialize(frame));
}
