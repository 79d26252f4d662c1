using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>Calls of the Realtime API: a form of the offer and the session's settings, answered by an SDP and a <c>Location</c>.</summary>
internal sealed class RealtimeProtocol : ICallProtocol
{
    /// <inheritdoc/>
    public string Dialect => OpenAIDialect.Family;

    /// <inheritdoc/>
    public bool IsCall(string upstream) => upstream.StartsWith("rtc_", StringComparison.Ordinal);

    /// <inheritdoc/>
    public Uri Calls(ProviderEntry provider) => OpenAIAddresses.Rest(provider, "/calls");

    /// <inheritdoc/>
    public Uri Call(ProviderEntry provider, string call, string verb) => OpenAIAddresses.Rest(provider, $"/calls/{Uri.EscapeDataString(call)}/{verb}");

    /// <inheritdoc/>
    public Uri Sideband(ProviderEntry provider, string call) => OpenAIAddresses.Socket(provider, "", "call_id=" + Uri.EscapeDataString(call));

    /// <inheritdoc/>
    public HttpContent Write(OpenAIOffer offer, string model) => new MultipartFormDataContent
    {
        { Part(offer.Sdp, "application/sdp"), "\"sdp\"" },
        { Part(SettingsFor(offer, model), "application/json"), "\"session\"" },
    };

    /// <summary>Its <c>Location</c> was read with it.</summary>
    public OpenAIAnswer Read(OpenAIAnswer answer) => answer;

    internal static string SettingsFor(OpenAIOffer offer, string model)
    {
        var settings = offer.SettingsFor(model);
        settings["type"] ??= "realtime";
        return settings.ToJsonString(JsonSerializerOptions.Web);
    }

    private static StringContent Part(string text, string type) => new(text, Encoding.UTF8, new MediaTypeHeaderValue(type));
}
