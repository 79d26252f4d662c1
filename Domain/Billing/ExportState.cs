namespace Orchestrator.Domain.Billing;

/// <summary>Where a frozen batch is on its way to the sink.</summary>
public enum ExportState
{
    /// <summary>To be sent, now or after a wait.</summary>
    Pending,
    /// <summary>An attempt is under way, or was when its process died.</summary>
    Sending,
    /// <summary>The sink has it.</summary>
    Sent,
    /// <summary>The sink refused it for good; a person must look.</summary>
    Rejected,
    /// <summary>Nobody knows whether the sink has it, and it is too late to send it again: for reconciliation alone.</summary>
    Uncertain,
    /// <summary>The sink took it and found it wrong afterwards; to be issued anew once the cause is mended.</summary>
    FailedAsync,
    /// <summary>The sink has it and is asked to take it back.</summary>
    Cancelling,
    /// <summary>The sink has taken it back.</summary>
    Cancelled,
    /// <summary>It came to nothing, or less, and is never sent.</summary>
    Skipped,
}
