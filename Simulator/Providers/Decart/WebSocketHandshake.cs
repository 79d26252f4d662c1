using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>
/// The server's half of RFC 6455's opening handshake. Done here and not by the WebSocket middleware because the bare
/// stream is needed for close frames that no decent server sends.
/// </summary>
internal static class WebSocketHandshake
{
    /// <summary>The stream after the switch; null when the request asked for no WebSocket and was answered with 400.</summary>
    public static async Task<Stream?> AcceptAsync(HttpContext context)
    {
        var request = context.Request.Headers;
        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        var isAsked = upgrade is { IsUpgradableRequest: true } && request.SecWebSocketVersion == "13" && request.SecWebSocketKey is [{ Length: > 0 }]
            && string.Equals(request.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase);
        if (!isAsked)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return null;
        }

        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = AcceptFor(request.SecWebSocketKey.ToString());
        return await upgrade!.UpgradeAsync();
    }

    /// <summary>RFC 6455 section 4.2.2.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "The protocol names this hash, and it protects nothing.")]
    private static string AcceptFor(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
