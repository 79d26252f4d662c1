using Microsoft.OpenApi;

namespace Orchestrator.Gateway.Description;

/// <summary>The OpenAPI document of all endpoints, made from what is mapped; at <c>/openapi/v1.json</c>, for anybody.</summary>
internal static class ApiDescription
{
    private const string Document = "v1";

    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi(Document, options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Orchestrator",
                Version = Document,
                Description = "Control plane for realtime generative sessions: sessions, tenants, prices, wallets, usage. A caller sees itself and the tenants below it; "
                    + "everything else does not exist. Amounts are whole millionths of the currency's unit.",
            };
            // Whoever asks knows where we are; behind a proxy we do not.
            document.Servers = [];
            Security.AddTo(document);
            document.Components!.Schemas ??= new Dictionary<string, IOpenApiSchema>();
            document.Components.Schemas[ProblemResponses.Schema] = ProblemResponses.SchemaOf();
            StreamDescription.AddTo(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var path = "/" + context.Description.RelativePath;
            if (path.StartsWith("/v1/", StringComparison.Ordinal))
            {
                Security.AddTo(operation, context.Document!);
                ProblemResponses.AddTo(operation, context.Document!, path, context.Description.HttpMethod);
            }

            return Task.CompletedTask;
        });
    });

    public static void MapApiDescription(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/openapi/v1.json");
}
