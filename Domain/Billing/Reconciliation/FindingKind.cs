namespace Orchestrator.Domain.Billing.Reconciliation;

/// <summary>In which way two counts of the same seconds differ.</summary>
public enum FindingKind
{
    /// <summary>The sink acknowledged it and does not count it.</summary>
    Missing,
    /// <summary>The sink counts what we never sent.</summary>
    Extra,
    /// <summary>The sink counts it for another customer than we sent it for.</summary>
    WrongCustomer,
    /// <summary>The sink counts it on another day than we sent it for.</summary>
    WrongDay,
    /// <summary>Nobody knows whether the sink has it.</summary>
    Uncertain,
    /// <summary>The sink refused it for good.</summary>
    Rejected,
    /// <summary>The sink took it and found it wrong afterwards.</summary>
    FailedAsync,
    /// <summary>Frozen long ago and still with us.</summary>
    Unsent,
    /// <summary>In the ledger, and in no batch of a target that it belongs to.</summary>
    Unexported,
    /// <summary>A batch holds another number of seconds than the ledger says.</summary>
    ItemDiffers,
    /// <summary>The values of a target's batches are not the sum of what they cover.</summary>
    BatchDiffers,
    /// <summary>The sink's own count could not be read.</summary>
    Unread,
    /// <summary>Mark, ledgered count and ledger of a run disagree.</summary>
    LedgerDiffers,
    /// <summary>A session ended long ago and a run of it is open.</summary>
    OpenRun,
    /// <summary>An ended session says another total than its runs.</summary>
    SessionDiffers,
    /// <summary>A run closed long ago and its wallets were not charged for all of it.</summary>
    Unsettled,
    /// <summary>A wallet was charged another amount than its runs cost.</summary>
    SettledDiffers,
    /// <summary>A wallet holds another amount than its sessions' holds.</summary>
    HeldDiffers,
    /// <summary>A wallet was granted another amount than its entries.</summary>
    GrantedDiffers,
    /// <summary>A session ended long ago and something is still held for it.</summary>
    StaleHold,
    /// <summary>The provider claimed more than the clock believed; it may charge for it, and nobody pays us.</summary>
    ClaimUnbilled,
    /// <summary>The provider charges for a session that we do not know.</summary>
    InvoiceUnknown,
    /// <summary>The provider charges for more than we recorded.</summary>
    InvoiceAbove,
    /// <summary>The provider charges for less than we recorded: our tenants were billed too much.</summary>
    InvoiceBelow,
}
