using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Grains.Providers.OpenAILive;

/// <summary>
/// Sessions of the Live API. A provider's endpoint is what the paths of its sessions begin with, such as <c>wss://host/v1/live</c>. Offer and answer are
/// JSON, and the answer names the session where the Realtime API has a <c>Location</c>.
/// </summary>
internal sealed class LiveProtocol : ICallProtocol
{
    private const string Sessions = "/sessions";

    /// <inheritdoc/>
    public string Dialect => LiveDialect.Family;

    /// <summary>Every one is: its name is that of an answer to an offer.</summary>
    public bool IsCall(string upstream) => true;

    /// <inheritdoc/>
    public Uri Calls(ProviderEntry provider) => OpenAIAddresses.Rest(provider, Sessions);

    /// <inheritdoc/>
    public Uri Call(ProviderEntry provider, string call, string verb) => OpenAIAddresses.Rest(provider, $"{Sessions}/{Uri.EscapeDataString(call)}/{verb}");

    /// <inheritdoc/>
    public Uri Sideband(ProviderEntry provider, string call) => OpenAIAddresses.Socket(provider, $"{Sessions}/{Uri.EscapeDataString(call)}/attach");

    /// <inheritdoc/>
    public HttpContent Write(OpenAIOffer offer, string model)
    {
        var body = new JsonObject
        {
            ["session"] = offer.SettingsFor(model),
            ["transport"] = new JsonObject { ["type"] = "webrtc", ["sdp"] = offer.Sdp },
        };
        return new StringContent(body.ToJsonString(JsonSerializerOptions.Web), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
    }

    /// <inheritdoc/>
    public OpenAIAnswer Read(OpenAIAnswer answer)
    {
        var body = Encoding.UTF8.GetBytes(answer.Body);
        var name = FrameReader.ReadText(body, "session"u8, "id"u8);
        return answer with
        {
            Body = FrameReader.ReadText(body, "transport"u8, "sdp"u8) ?? "",
            Call = OpenAIAnswer.IsName(name) ? name : null,
        };
    }
}
