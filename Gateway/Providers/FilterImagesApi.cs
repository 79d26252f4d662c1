using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.LiveStyler;

namespace Orchestrator.Gateway.Providers;

/// <summary><c>GET /filter-category/image/{link}</c>: a picture that the list of filters named, for whoever holds the link.</summary>
internal static class FilterImagesApi
{
    /// <summary>What the path of a link begins with.</summary>
    public const string Path = "/filter-category/image/";

    public static void MapFilterImages(this IEndpointRouteBuilder routes) => routes.MapGet(Path + "{link}", ReadAsync).ExcludeFromDescription();

    private static async Task<Results<FileContentHttpResult, NotFound>> ReadAsync(
        HttpContext context, string link, FilterImageLinks links, AccessControl access, ProviderCatalog providers, FilterImages images)
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        if (links.Read(link) is not { } opened || await WhyGoneAsync(access, opened, context.RequestAborted) is not null
            || providers.All.FirstOrDefault(entry => entry.Name == opened.Provider) is not { } provider
            || await images.ReadAsync(provider, new Uri(opened.Address), context.RequestAborted) is not { } image)
        {
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.NotFound();
        }

        context.Response.Headers.CacheControl = "private, max-age=3600";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        return TypedResults.File(image.Bytes, image.MediaType);
    }

    private static async ValueTask<CloseCode?> WhyGoneAsync(AccessControl access, FilterImageLink link, CancellationToken cancellationToken) =>
        access.WhyRefusedApi(await access.IdentifyKeyAsync(link.Key, cancellationToken));
}
