using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Providers.LiveStyler;

namespace Orchestrator.Gateway.Providers;

/// <summary>
/// <c>GET /filter-category/active</c>: the list that LiveStyler's SDKs fetch when they connect, for whoever may open a session there.
/// Its errors are the provider's: <c>{"message":"..."}</c>.
/// </summary>
internal static class FilterCategoriesApi
{
    private const string Path = "/" + FilterCategories.Path;

    public static void MapFilterCategories(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ReadAsync).ExcludeFromDescription();
        routes.MapMethods(Path, [HttpMethods.Options], Preflight).ExcludeFromDescription();
    }

    private static async Task<IResult> ReadAsync(
        HttpContext context, AccessControl access, ProviderCatalog providers, RefusalThrottle throttle, FilterCategories categories, FilterImageLinks links, ClientWords words)
    {
        AllowBrowsers(context);
        var credential = CredentialOf(context.Request);
        var identity = await access.IdentifyAsync(credential, context.RequestAborted);
        var origin = context.Request.Headers.Origin is [{ Length: > 0 } value, ..] ? value : null;
        var model = context.Request.Query["model"] is [{ Length: > 0 } named, ..] ? named : providers.UsualModel(LiveStylerDialect.Family);
        if (access.WhyRefused(identity, LiveStylerDialect.Family, origin, model) is { } refused)
            return Refuse(context, throttle, credential, refused, await words.OfAsync(context));

        providers.TryFind(LiveStylerDialect.Family, model!, out var provider);
        var list = await categories.ReadAsync(provider!, context.RequestAborted);
        return list.Json is { } json
            ? TypedResults.Bytes(links.Rewrite(json, provider!, identity.Caller!.Credential.KeyId, LinksAt(context.Request)), "application/json")
            : Words(StatusOf(list.Refused), (await words.OfAsync(context)).Of(list.Refused));
    }

    /// <summary>Where the client found us, which is where it will find the pictures.</summary>
    private static string LinksAt(HttpRequest request) => $"{request.Scheme}://{request.Host}{request.PathBase}{FilterImagesApi.Path}";

    private static IResult Preflight(HttpContext context)
    {
        AllowBrowsers(context);
        context.Response.Headers.AccessControlAllowMethods = "GET";
        context.Response.Headers.AccessControlAllowHeaders = "Authorization, X-API-KEY";
        context.Response.Headers.AccessControlMaxAge = "600";
        return TypedResults.NoContent();
    }

    /// <summary>Any page may ask: what lets it in is the credential that it sends itself, and a token's own list of origins.</summary>
    private static void AllowBrowsers(HttpContext context) => context.Response.Headers.AccessControlAllowOrigin = "*";

    /// <summary>The user of Basic authentication, with an empty password; or where credentials are named elsewhere.</summary>
    private static string? CredentialOf(HttpRequest request)
    {
        if (AccessControl.CredentialOf(request) is { } named)
            return named;
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var basic)
            || !"Basic".Equals(basic.Scheme, StringComparison.OrdinalIgnoreCase) || basic.Parameter is not { Length: < 2 * AccessControl.MaxCredential } encoded)
            return null;

        var bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, bytes, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        return pair.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 && colon == pair.Length - 1 ? pair[..colon] : null;
    }

    private static JsonHttpResult<Complaint> Refuse(HttpContext context, RefusalThrottle throttle, string? credential, CloseCode code, Wording words)
    {
        if (!throttle.TryBePolite(Source.Of(context, credential)))
        {
            context.Response.Headers.RetryAfter = "1";
            return Words(StatusCodes.Status429TooManyRequests, "Refused too often; wait a second before the next attempt.");
        }

        return code is CloseCode.InvalidCredential or CloseCode.CredentialExpired or CloseCode.CredentialRevoked
            // Without the header that would have browsers ask their user for a password: the provider's page shows none either.
            ? Words(StatusCodes.Status401Unauthorized, "Invalid credentials")
            : Words(StatusOf(code), words.Of(code));
    }

    private static JsonHttpResult<Complaint> Words(int status, string message) => TypedResults.Json(new Complaint(message), statusCode: status);

    private static int StatusOf(CloseCode code) => code switch
    {
        CloseCode.StorageUnavailable or CloseCode.UpstreamFull   => StatusCodes.Status503ServiceUnavailable,
        CloseCode.UpstreamUnavailable                            => StatusCodes.Status502BadGateway,
        CloseCode.InvalidRequest or CloseCode.ModelNotAllowed    => StatusCodes.Status404NotFound,
        _                                                        => StatusCodes.Status403Forbidden,
    };

    private sealed record Complaint(string Message);
}
