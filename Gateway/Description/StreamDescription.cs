using Microsoft.OpenApi;

namespace Orchestrator.Gateway.Description;

/// <summary>The WebSocket endpoints, of which OpenAPI can tell the request and the upgrade but not the messages.</summary>
internal static class StreamDescription
{
    /// <summary>Adds them.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        Add(document, "/v1/stream", "OpenStream");
        Add(document, "/v1/realtime", "OpenRealtime", new OpenApiParameter
        {
            Name = "call_id", In = ParameterLocation.Query, Description = "In place of a model: a running call to join, with an API key of its tenant.", Schema = Text,
        });
        // As its published clients connect: no query, no header.
        Add(
            document, "/client", "OpenClient",
            more: "The credential travels in the first frame, {\"type\":\"CREDENTIAL\",\"payload\":{\"credential\":\"...\"}}, at most 10 s after the upgrade; "
                + "a bad one is answered by a close with 1008 and no frame. Without a model the provider's usual one is meant.");
    }

    private static void Add(OpenApiDocument document, string path, string name, OpenApiParameter? instead = null, string? more = null)
    {
        const string Usual = "Takes WebSocket connections and speaks the provider's own dialect from then on. A refusal after the upgrade is the dialect's error message "
            + "followed by a close code of 4100 to 4199 (come back) or 4400 to 4499 (stay away).";
        var operation = new OpenApiOperation
        {
            OperationId = name,
            Summary = "Open a session over WebSocket",
            Description = more is null ? Usual : $"{Usual} {more}",
            Tags = new HashSet<OpenApiTagReference> { new("Sessions", document) },
            Parameters =
            [
                new OpenApiParameter { Name = "model", In = ParameterLocation.Query, Required = instead is null && more is null, Description = "The model.", Schema = Text },
                .. instead is null ? (OpenApiParameter[])[] : [instead],
            ],
            Responses = new OpenApiResponses { ["101"] = new OpenApiResponse { Description = "The connection is a WebSocket now." } },
        };
        // Where the credential comes after the upgrade, so do refusals.
        if (more is null)
        {
            Security.AddTo(operation, document);
            ProblemResponses.AddTo(operation, document, path, "GET");
        }

        operation.Responses["426"] = new OpenApiResponse { Description = "The request asked for no WebSocket." };
        document.Paths[path] = new OpenApiPathItem { Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Get] = operation } };
    }

    private static OpenApiSchema Text => new() { Type = JsonSchemaType.String };
}
