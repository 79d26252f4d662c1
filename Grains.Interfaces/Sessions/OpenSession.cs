using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>What was authenticated about a session before it is opened.</summary>
/// <param name="Path">The tenant and those above it, root first.</param>
/// <param name="KeyId">The API key that opens it, or that minted the token which does.</param>
/// <param name="Provider">The provider's name in our configuration.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="Dialect">The dialect family of the endpoint, such as <c>decart</c>.</param>
/// <param name="Limits">Which tenants of the path limit concurrency, and to how many.</param>
/// <param name="MaxDuration">How long the session may run once its node is ready, by token and tenants; null for no limit.</param>
/// <param name="Metadata">The JSON object of the client token, if it has one.</param>
/// <param name="ClientAddress">Where the client connects from, as far as proxies are trusted.</param>
/// <param name="UserAgent">What the client calls itself, at most 256 characters.</param>
public sealed record OpenSession(
    IReadOnlyList<TenantId> Path,
    Guid KeyId,
    string Provider,
    string Model,
    string Dialect,
    IReadOnlyList<SessionLimit> Limits,
    TimeSpan? MaxDuration,
    string? Metadata,
    string? ClientAddress,
    string? UserAgent)
{
    /// <summary>The tenant that opens it.</summary>
    public TenantId Tenant => Path[^1];

    /// <summary>The process that the client is connected to, where that is another than the one that will hold the session.</summary>
    public long? Gateway { get; init; }

    /// <summary>How the client speaks to us.</summary>
    public ClientSurface Surface { get; init; }

    /// <summary>The tenant's own media host, where a provider's address of one is not to be seen; null to leave it.</summary>
    public string? MediaHost { get; init; }

    /// <summary>What the client is told instead of the catalogue's words; null for nothing.</summary>
    public IReadOnlyList<ErrorText>? Texts { get; init; }

    /// <summary>What its client token is held to beside the tenants' policies; null for an API key, and for a token that says nothing.</summary>
    public TokenPolicyRef? TokenPolicy { get; init; }

    /// <summary>The policies that count for it, from the root's to the token's, as they stood when it was let in; null for none.</summary>
    public IReadOnlyList<FramePolicy>? Policies { get; init; }

    /// <summary>What it begins with, as it was sealed in its client token: a JSON object, or null for what its client asks.</summary>
    public string? Settings { get; init; }

    /// <summary>What its later requests are measured by, where it speaks to us over HTTP.</summary>
    public HttpOpening? Http { get; init; }
}

/// <summary>The policy of a client token: the name of one, or itself.</summary>
public sealed record TokenPolicyRef(string? Name, FramePolicy? Policy);

/// <summary>How a client speaks to us.</summary>
public enum ClientSurface
{
    /// <summary>Frames on a WebSocket.</summary>
    WebSocket,
    /// <summary>Requests over HTTP, of which the gateway makes frames.</summary>
    Http,
}

/// <summary>A tenant on the path that may have at most so many sessions live, itself and all below it.</summary>
public sealed record SessionLimit(TenantId Tenant, int MaxSessions);
