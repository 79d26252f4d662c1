using Microsoft.OpenApi;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Describes bodies that are read by hand. What the framework offers for that also refuses other types, before it is known who
/// asks; here a foreign session answers as an absent one whatever else is wrong with a request.
/// </summary>
internal static class Described
{
    /// <summary>The endpoint reads such a body.</summary>
    public static RouteHandlerBuilder Reads<T>(this RouteHandlerBuilder endpoint) =>
        endpoint.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) => operation.RequestBody = Body(
            "application/json", await context.GetOrCreateSchemaAsync(typeof(T), parameterDescription: null, cancellationToken)));

    /// <summary>The endpoint reads a text of that type.</summary>
    public static RouteHandlerBuilder Reads(this RouteHandlerBuilder endpoint, string type) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = Body(type, new OpenApiSchema { Type = JsonSchemaType.String });
            return Task.CompletedTask;
        });

    private static OpenApiRequestBody Body(string type, IOpenApiSchema schema) => new()
    {
        Required = true,
        Content = new Dictionary<string, OpenApiMediaType> { [type] = new() { Schema = schema } },
    };
}
