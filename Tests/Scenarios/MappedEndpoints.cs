using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Orchestrator.Gateway;

namespace Orchestrator.Tests.Scenarios;

/// <summary>What the gateway maps, as it says itself.</summary>
internal static class MappedEndpoints
{
    /// <summary>Such as <c>GET /v1/sessions/{id}</c>.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(World world)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["ConnectionStrings:Orchestrator"] = world.Database.ConnectionString;
        builder.Configuration["MasterKey"] = world.MasterKey;
        builder.AddGateway().AddInProcessHost();
        await using var app = builder.Build();
        app.MapGateway();

        return
        [
            .. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().SelectMany(endpoint =>
                (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["ANY"]).Select(method => $"{method} {endpoint.RoutePattern.RawText?.TrimEnd('/')}")),
        ];
    }
}
