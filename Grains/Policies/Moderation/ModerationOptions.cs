using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Grains.Policies.Moderation;

/// <summary>How much is asked of tenants' webhooks at once. Section <c>Moderation</c>.</summary>
public sealed class ModerationOptions
{
    /// <summary>Questions of one tenant's sessions that are under way at once. Default: 32.</summary>
    [Range(1, 10_000)] public int TenantConcurrency { get; init; } = 32;

    /// <summary>Questions of all of them. Default: 256.</summary>
    [Range(1, 100_000)] public int Concurrency { get; init; } = 256;

    /// <summary>Bytes of frames that wait or are being judged, of one tenant's sessions; what is beyond is not judged. Default: 32 MiB.</summary>
    [Range(64 * 1024, int.MaxValue)] public int TenantBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The same of all of them. Default: 128 MiB.</summary>
    [Range(64L * 1024, long.MaxValue)] public long Bytes { get; init; } = 128L * 1024 * 1024;
}
