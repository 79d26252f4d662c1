using Microsoft.OpenApi;

namespace Orchestrator.Gateway.Description;

/// <summary>The ways in which a credential is given; any one of them will do.</summary>
internal static class Security
{
    private static readonly (string Name, OpenApiSecurityScheme Scheme)[] Schemes =
    [
        ("apiKeyHeader", new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-API-KEY", Description = "An API key." }),
        ("bearer",       new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key as a bearer token." }),
        ("apiKeyQuery",  new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Query, Name = "api_key",
            Description = "An API key or, to open a session, a client token. For clients that cannot set headers.",
        }),
    ];

    /// <summary>Declares them.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        foreach (var (name, scheme) in Schemes)
            document.Components.SecuritySchemes[name] = scheme;
    }

    /// <summary>Demands one of them.</summary>
    public static void AddTo(OpenApiOperation operation, OpenApiDocument document) =>
        operation.Security = [.. Schemes.Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme.Name, document)] = [] })];
}
