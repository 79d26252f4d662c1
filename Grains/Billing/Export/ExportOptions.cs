using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>How usage leaves. Section <c>Export</c>; a wrong value stops the process at its start.</summary>
public sealed class ExportOptions : IValidatableObject
{
    /// <summary>How long a target gathers before its batch is frozen. Default: 60 seconds, which is also the most.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")] public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one request may take. Default: 20 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")] public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a lane stays with a process that says nothing more. Default: 60 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan LaneLease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many lanes send at once. Default: 16.</summary>
    [Range(1, 256)] public int Parallel { get; init; } = 16;

    /// <summary>Requests per second to one account, from this process. Default: 25, the least that Stripe grants.</summary>
    [Range(1, 10_000)] public int RequestsPerSecond { get; init; } = 25;

    /// <summary>Where files may be written. Default: nowhere, and no target may be a file.</summary>
    public string? Directory { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LaneLease < 2 * RequestTimeout)
            yield return new("Export:LaneLease must be at least twice Export:RequestTimeout, or a slow answer lets another process send beside this one.");
        if (Directory is { } directory && !Path.IsPathFullyQualified(directory))
            yield return new("Export:Directory must be a full path; what a relative one means depends on where the process was started.");
    }
}
