using Microsoft.OpenApi;

namespace Orchestrator.Gateway.Description;

/// <summary>The WebSocket endpoint, of which OpenAPI can tell the request and the upgrade but not the messages.</summary>
internal static class StreamDescription
{
    /// <summary>Adds it.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        var operation = new OpenApiOperation
        {
            OperationId = "OpenStream",
            Summary = "Open a session over WebSocket",
            Description = "Takes WebSocket connections and speaks the provider's own dialect from then on. A refusal after the upgrade is the dialect's error message "
                + "followed by a close code of 4100 to 4199 (come back) or 4400 to 4499 (stay away).",
            Tags = new HashSet<OpenApiTagReference> { new("Sessions", document) },
            Parameters =
            [
                new OpenApiParameter { Name = "model", In = ParameterLocation.Query, Required = true, Description = "The model.", Schema = Text },
            ],
            Responses = new OpenApiResponses { ["101"] = new OpenApiResponse { Description = "The connection is a WebSocket now." } },
        };
        Security.AddTo(operation, document);
        ProblemResponses.AddTo(operation, document, "/v1/stream", "GET");
        operation.Responses["426"] = new OpenApiResponse { Description = "The request asked for no WebSocket." };
        document.Paths["/v1/stream"] = new OpenApiPathItem { Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Get] = operation } };
    }

    private static OpenApiSchema Text => new() { Type = JsonSchemaType.String };
}
