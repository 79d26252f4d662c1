using Orchestrator.Gateway.Sessions.OpenAILive;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// Lets pages of any origin ask: what a page may do is decided by the token it holds, which may name its origins. Credentials of the browser's own
/// play no part. <c>Location</c> is exposed, since it names the call.
/// </summary>
internal static class OpenAICors
{
    // Other dialects have paths of their own below /v1/realtime, and rules of their own for pages.
    private static readonly string[] Ours = ["/v1/realtime/calls", "/v1/realtime/client_secrets", LiveRoutes.Root];
    private const int MaxHeaders = 1_024;

    public static void UseOpenAICors(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (!IsOurs(context.Request.Path) || !context.Request.Headers.ContainsKey("Origin"))
        {
            await next(context);
            return;
        }

        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = "Location, Retry-After, X-Session-Id";
        if (!HttpMethods.IsOptions(context.Request.Method) || !context.Request.Headers.ContainsKey("Access-Control-Request-Method"))
        {
            await next(context);
            return;
        }

        headers.AccessControlAllowMethods = "POST";
        // The SDKs send headers of their own. A wildcard would not cover Authorization.
        var asked = context.Request.Headers.AccessControlRequestHeaders.ToString();
        headers.AccessControlAllowHeaders = asked.Length is > 0 and <= MaxHeaders ? asked : "authorization, content-type";
        headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    });

    private static bool IsOurs(PathString path) => Ours.Any(ours => path.StartsWithSegments(ours, StringComparison.OrdinalIgnoreCase));
}
