namespace Orchestrator.Domain.Billing;

/// <summary>What a sink knows a batch by, for good: <c>v1:</c>, eight digits of the target, and the batch.</summary>
public static class ExportIdentifier
{
    /// <summary>
    /// Of a batch for a target. The target's last digits: the first ones of an id are its clock, and alike for all that were made together.
    /// </summary>
    public static string Of(Guid target, Guid batch) => $"v1:{target.ToString("N")[^8..]}:{batch:N}";
}
