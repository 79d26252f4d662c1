using System.Globalization;
using Microsoft.OpenApi;

namespace Orchestrator.Gateway.Description;

/// <summary>Refusals, which every operation answers in one shape: problem details with a stable code.</summary>
internal static class ProblemResponses
{
    /// <summary>The name of their schema.</summary>
    public const string Schema = "Problem";

    /// <summary>The shape.</summary>
    public static OpenApiSchema SchemaOf() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Problem details (RFC 9457). Programs read the code, people the title.",
        Required = new HashSet<string> { "title", "status", "code" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["code"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Stable, such as tenant_not_found." },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "What is wrong, by field; with validation_failed.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String },
            },
        },
    };

    /// <summary>Adds those that an operation may answer.</summary>
    public static void AddTo(OpenApiOperation operation, OpenApiDocument document, string path, string? method)
    {
        Add(401, "The credential is none, or no longer one.");
        Add(403, "The credential does not allow this, or only a tenant above may do it.");
        if (path.Contains('{', StringComparison.Ordinal) || path.StartsWith("/v1/usage", StringComparison.Ordinal) || path.StartsWith("/v1/invoices", StringComparison.Ordinal)
            || path.StartsWith("/v1/tenants", StringComparison.Ordinal))
        {
            Add(404, "There is no such thing, or it is not the caller's to see.");
        }

        if (method is "POST" && (path.EndsWith("/entries", StringComparison.Ordinal) || path.EndsWith("/prices", StringComparison.Ordinal)
            || path.EndsWith("/export-targets", StringComparison.Ordinal) || path.EndsWith("/hosts", StringComparison.Ordinal)))
        {
            Add(409, "It stands already, or says something else, or there are too many.");
        }

        if (method is "PUT" or "DELETE" && (path.EndsWith("/settings", StringComparison.Ordinal) || path.EndsWith("/policy", StringComparison.Ordinal)))
        {
            Add(412, "It was changed since it was read.");
            Add(428, "The request does not say what it replaces.");
        }

        if (method is "POST" or "PUT" or "PATCH")
            Add(413, "The body is larger than is read.");
        Add(422, "The request is not valid; says why by field.");
        Add(429, "Refused too often; says when to come back.");
        Add(503, "The database does not answer, or the process is going away; try again.");

        void Add(int status, string description) => (operation.Responses ??= []).TryAdd(status.ToString(CultureInfo.InvariantCulture), new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType> { ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(Schema, document) } },
        });
    }
}
