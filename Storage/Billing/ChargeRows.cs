using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>One stay of a session in a phase; open while it lasts.</summary>
public sealed record SpanRow(string Phase, DateTimeOffset From, DateTimeOffset? To);

/// <summary>One run with what was recorded, authorised and settled of it.</summary>
/// <param name="Run">Its ordinal.</param>
/// <param name="MarkMs">What was generated.</param>
/// <param name="LedgeredMs">As much of it as stands in the ledger.</param>
/// <param name="ClaimedMs">What the provider claimed, where the clock did not believe it.</param>
/// <param name="AuthorisedMs">How far its hold allowed it to go; null when nothing held it.</param>
/// <param name="BlindMs">What was generated beyond that while nobody could be asked.</param>
/// <param name="SettledMs">As much as the wallets were charged for.</param>
/// <param name="IsSettled">Whether they were charged for the closed run.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="ClosedAt">When it was closed.</param>
/// <param name="CloseReason">Why.</param>
/// <param name="Levels">The prices it locked at the levels that the viewer sees, its own first.</param>
public sealed record ChargedRun(
    int Run, long MarkMs, long LedgeredMs, long? ClaimedMs, long? AuthorisedMs, long BlindMs, long SettledMs, bool IsSettled,
    DateTimeOffset StartedAt, DateTimeOffset? ClosedAt, string? CloseReason, IReadOnlyList<ChargedLevel> Levels);

/// <summary>One level of the tree: who pays, at which version, and whether from a wallet.</summary>
public sealed record ChargedLevel(TenantId Tenant, long Version, Price Price, DateTimeOffset ValidFrom, bool HasWallet);

/// <summary>One row of the ledger with what each visible level owes for it.</summary>
public sealed record ChargedRange(
    long Id, int Run, long FromMs, long ToMs, DateTimeOffset RecordedAt, IReadOnlyList<TenantId> Tenants, IReadOnlyList<long> Seconds, IReadOnlyList<long> Micros);

/// <summary>What is held for a session now, of the wallets that the viewer sees.</summary>
public sealed record HeldRow(int Run, long AuthorisedMs, bool IsDue, IReadOnlyList<TenantId> Wallets, IReadOnlyList<long> Micros);

/// <summary>An entry that corrects a run of the session.</summary>
public sealed record CorrectionRow(TenantId Tenant, int Run, long Micros, long? Seconds, string Reason, DateTimeOffset CreatedAt);

/// <summary>A frozen batch in which seconds of the session went out, to a target of a level that the viewer sees.</summary>
/// <param name="Tenant">Whose target.</param>
/// <param name="Sink">Its kind.</param>
/// <param name="Identifier">What the sink knows the batch by.</param>
/// <param name="State">What became of it.</param>
/// <param name="Unit">What it counts: seconds, or tokens of one kind.</param>
/// <param name="Value">How many of them are this session's.</param>
/// <param name="FrozenAt">When it was frozen.</param>
/// <param name="SentAt">When the sink had it.</param>
public sealed record ExportedRow(
    TenantId Tenant, string Sink, string Identifier, string State, string Unit, long Value, DateTimeOffset FrozenAt, DateTimeOffset? SentAt);
