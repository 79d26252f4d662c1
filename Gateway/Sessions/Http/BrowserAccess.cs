namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Lets pages of any origin ask: no cookie counts here, only a credential that the page holds, and a token says itself from which
/// origins it may come. What a page has to read of the answer is exposed to it.
/// </summary>
internal sealed class BrowserAccess : IEndpointFilter
{
    private const string Exposed = "Location, ETag, Link, Retry-After, Accept-Post";

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var headers = context.HttpContext.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = Exposed;
        return await next(context);
    }

    /// <summary>Answers what browsers ask before they ask.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="pattern">About which address.</param>
    /// <param name="methods">What may be asked there.</param>
    /// <param name="acceptPost">The type that can be posted there, if one can.</param>
    public static void MapOptions(IEndpointRouteBuilder routes, string pattern, string methods, string? acceptPost = null) =>
        routes.MapMethods(pattern, [HttpMethods.Options], context =>
        {
            var headers = context.Response.Headers;
            headers.Allow = methods;
            if (acceptPost is not null)
                headers["Accept-Post"] = acceptPost;
            headers.AccessControlAllowOrigin = "*";
            headers.AccessControlAllowMethods = methods;
            headers.AccessControlAllowHeaders = "Authorization, Content-Type, If-Match, Last-Event-ID, X-API-KEY";
            headers.AccessControlExposeHeaders = Exposed;
            headers.AccessControlMaxAge = "600";
            return Task.CompletedTask;
        }).ExcludeFromDescription();
}
