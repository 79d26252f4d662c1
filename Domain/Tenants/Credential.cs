using Orchestrator.Domain.Policies;

namespace Orchestrator.Domain.Tenants;

/// <summary>What a caller proved to hold.</summary>
public abstract record Credential
{
    private Credential() { }

    /// <summary>The API key that it is, or that minted it.</summary>
    public abstract Guid KeyId { get; }

    /// <summary>A tenant's permanent key: it opens sessions, mints tokens and reads the API.</summary>
    public sealed record ApiKey(Guid Id) : Credential
    {
        /// <inheritdoc/>
        public override Guid KeyId => Id;
    }

    /// <summary>A short-lived token for one end user: it opens sessions and nothing else.</summary>
    /// <param name="MintedBy">The API key that minted it; revoking that key ends it.</param>
    /// <param name="ExpiresAt">New sessions are refused from here on; running ones continue.</param>
    /// <param name="Models">The models it may open, or all.</param>
    /// <param name="Origins">The exact <c>Origin</c> headers it may come from, or any.</param>
    /// <param name="MaxSessionDuration">How long a session of it may run.</param>
    /// <param name="Metadata">The tenant's own JSON object, kept on the session.</param>
    public sealed record ClientToken(
        Guid MintedBy,
        DateTimeOffset ExpiresAt,
        IReadOnlyList<string>? Models,
        IReadOnlyList<string>? Origins,
        TimeSpan? MaxSessionDuration,
        string? Metadata) : Credential
    {
        /// <inheritdoc/>
        public override Guid KeyId => MintedBy;

        /// <summary>The policy of its tenant, or of one above it, that its sessions are held to beside what counts for all.</summary>
        public string? PolicyName { get; init; }

        /// <summary>A policy of its own, beside what counts for all.</summary>
        public FramePolicy? Policy { get; init; }

        /// <summary>What its sessions begin with, where its dialect has such settings: a JSON object, or null.</summary>
        public string? Session { get; init; }
    }
}
