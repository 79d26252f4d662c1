using Microsoft.Extensions.Options;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions;

/// <summary>
/// What a session is opened with, on every surface: of the request, of its caller and of what is sealed in the caller's token.
/// </summary>
internal sealed class Openings(ProcessLease lease, IOptions<RelayOptions> options)
{
    private const int MaxUserAgent = 256;

    /// <summary>The opening of a session of that model.</summary>
    /// <param name="context">The request.</param>
    /// <param name="caller">Who was authenticated.</param>
    /// <param name="credential">What it named, which is kept nowhere.</param>
    /// <param name="provider">The provider of the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="surface">How the client speaks to us.</param>
    /// <param name="metadata">What the request says of its session; a token's own counts instead, since its holder has none to add.</param>
    public OpenSession Of(
        HttpContext context, Caller caller, string credential, ProviderEntry provider, string model, ClientSurface surface, string? metadata = null)
    {
        var token = caller.Credential as Credential.ClientToken;
        return new OpenSession(
            caller.Tenant.Path,
            caller.Credential.KeyId,
            provider.Name,
            model,
            provider.Dialect.Name,
            caller.Limits,
            caller.MaxDuration,
            token is null ? metadata : token.Metadata,
            Source.AddressOf(context),
            // Redacted before it is cut, or half a key would stay.
            Printable.Of(CredentialText.Redact(AgentOf(context.Request).Replace(credential, "***", StringComparison.Ordinal)), MaxUserAgent))
        {
            Gateway = options.Value.Linked ? lease.Process : null,
            Surface = surface,
            TokenPolicy = caller.TokenPolicy,
            Settings = token?.Session,
        };
    }

    /// <summary>What the client calls itself; a page cannot say so in a header.</summary>
    private static string AgentOf(HttpRequest request) => request.Query["user_agent"] is [{ Length: > 0 } query, ..] ? query : request.Headers.UserAgent.ToString();
}
