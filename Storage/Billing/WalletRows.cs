using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>A wallet with its settings.</summary>
/// <param name="Tenant">Whose account with the tenant above it.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Balance">How it stands.</param>
/// <param name="BlindSeconds">How long a session may go on unheld while the database is away; null for ever.</param>
/// <param name="Thresholds">Where an event is raised, the highest first, and whether it was.</param>
public sealed record WalletRow(TenantId Tenant, string Currency, WalletBalance Balance, int? BlindSeconds, IReadOnlyList<WalletThreshold> Thresholds);

/// <summary>An amount below which an event is raised, once until what is available is back above it.</summary>
public sealed record WalletThreshold(long Micros, bool IsBelow);

/// <summary>What changes a wallet beside usage.</summary>
public enum WalletEntryKind
{
    /// <summary>Money came in.</summary>
    TopUp,
    /// <summary>Value was given.</summary>
    Credit,
    /// <summary>Put right, in either direction.</summary>
    Adjustment,
    /// <summary>Takes back or adds what recorded usage was charged; written by the reconciliation alone.</summary>
    Correction,
}

/// <summary>One entry of a wallet; never changed.</summary>
public sealed record WalletEntry(long Id, string Key, WalletEntryKind Kind, long Micros, string Actor, string Reason, DateTimeOffset CreatedAt);

/// <summary>Something that happened to a wallet. Detail is a JSON object.</summary>
public sealed record WalletEvent(long Id, DateTimeOffset At, string Kind, string Detail);

/// <summary>An entry that is to be posted.</summary>
/// <param name="Key">The caller's own name for it, unique in the wallet: posting it again does nothing.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Micros">The amount, not zero.</param>
/// <param name="Actor">Who posts it.</param>
/// <param name="Reason">Why.</param>
public sealed record WalletPosting(string Key, WalletEntryKind Kind, long Micros, string Actor, string Reason);

/// <summary>Why an entry was not posted.</summary>
public enum PostingRefusal
{
    /// <summary>There is no wallet.</summary>
    NoWallet,
    /// <summary>The key stands for an entry that says something else.</summary>
    KeyReused,
    /// <summary>The wallet would hold more than it can.</summary>
    TooMuch,
}

/// <summary>The entry that stands for the key now, or why there is none.</summary>
public sealed record PostingOutcome(WalletEntry? Entry, PostingRefusal? Refusal);

/// <summary>Rows of a wallet's entries.</summary>
internal static class WalletRows
{
    public const string EntryColumns = "id, key, kind, micros, actor, reason, created_at";

    public static WalletEntry EntryFromRow(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetString(1), KindOf(reader.GetString(2)), reader.GetInt64(3), reader.GetString(4), reader.GetString(5),
        reader.Instant(6)!.Value);

    private static WalletEntryKind KindOf(string name) => Enum.GetValues<WalletEntryKind>().Single(kind => StorageNames.Of(kind) == name);
}
