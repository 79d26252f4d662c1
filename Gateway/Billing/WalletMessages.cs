using System.Globalization;
using System.Text.Json;
using Orchestrator.Gateway.Requests;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>Settings of a wallet. All are set at once.</summary>
/// <param name="CreditLimitMicros">How far it may go below zero: 0 is prepaid. Must be given; null stops nobody and only counts.</param>
/// <param name="BlindSeconds">How long a session may go on unheld while the database is away: 30 by default; null for ever.</param>
/// <param name="Thresholds">Amounts below which an event is raised, at most ten.</param>
internal sealed record WalletSettings(long? CreditLimitMicros, int? BlindSeconds, IReadOnlyList<long>? Thresholds)
{
    private const int DefaultBlindSeconds = 30;

    public static WalletSettings Read(JsonBody body)
    {
        var limit = body.Whole("creditLimitMicros", 0, MaxMicros);
        if (!body.Has("creditLimitMicros"))
            body.Wrong("creditLimitMicros", "is required; null stops nobody");
        var blind = (int?)body.Whole("blindSeconds", 0, int.MaxValue);
        return new WalletSettings(limit, body.Has("blindSeconds") ? blind : DefaultBlindSeconds, body.Wholes("thresholds", 10, -MaxMicros, MaxMicros) ?? []);
    }

    /// <summary>A billion units: what one request may speak of.</summary>
    public const long MaxMicros = 1_000_000_000_000_000;
}

/// <summary>A top-up, credit or adjustment to be posted.</summary>
/// <param name="Kind"><c>top_up</c>, <c>credit</c> or <c>adjustment</c>; only the last may be negative.</param>
/// <param name="Micros">The amount in millionths of the currency's unit, not 0.</param>
/// <param name="Reason">Why, for the audit.</param>
internal sealed record NewWalletEntry(WalletEntryKind? Kind, long? Micros, string? Reason)
{
    public static NewWalletEntry Read(JsonBody body)
    {
        var kind = body.OneOf("kind", required: true, WalletEntryKind.TopUp, WalletEntryKind.Credit, WalletEntryKind.Adjustment);
        var micros = body.Whole("micros", kind is WalletEntryKind.Adjustment ? -WalletSettings.MaxMicros : 1, WalletSettings.MaxMicros, required: true);
        if (micros == 0)
            body.Wrong("micros", "must not be 0");
        return new NewWalletEntry(kind, micros, body.Text("reason", 1000, required: true));
    }
}

/// <summary>How a wallet stands.</summary>
internal sealed record WalletResponse(
    string Tenant,
    AmountResponse Granted,
    AmountResponse Settled,
    AmountResponse Held,
    AmountResponse? CreditLimit,
    AmountResponse? Available,
    AmountResponse Debt,
    int? BlindSeconds,
    IReadOnlyList<WalletResponse.Threshold> Thresholds)
{
    public static WalletResponse Of(WalletRow row)
    {
        var balance = row.Balance;
        return new WalletResponse(
            row.Tenant.ToString(), Amount(balance.Granted), Amount(balance.Settled), Amount(balance.Held),
            balance.CreditLimit is { } limit ? Amount(limit) : null, balance.Available is { } available ? Amount(available) : null, Amount(balance.Debt),
            row.BlindSeconds, [.. row.Thresholds.Select(threshold => new Threshold(threshold.Micros, threshold.IsBelow))]);

        AmountResponse Amount(long micros) => AmountResponse.Of(micros, row.Currency);
    }

    internal sealed record Threshold(long Micros, bool IsBelow);
}

/// <summary>An entry of a wallet. Who posted it is told to those above; the tenant itself hears the reason.</summary>
internal sealed record WalletEntryResponse(string Id, string IdempotencyKey, WalletEntryKind Kind, AmountResponse Amount, string? Actor, string Reason, DateTimeOffset CreatedAt)
{
    public static WalletEntryResponse Of(WalletEntry entry, string currency, bool showsActor) => new(
        entry.Id.ToString(CultureInfo.InvariantCulture), entry.Key, entry.Kind, AmountResponse.Of(entry.Micros, currency),
        showsActor ? entry.Actor : null, entry.Reason, entry.CreatedAt);
}

/// <summary>Something that happened to a wallet.</summary>
internal sealed record WalletEventResponse(string Id, DateTimeOffset At, string Kind, JsonElement Detail)
{
    public static WalletEventResponse Of(WalletEvent raised) =>
        new(raised.Id.ToString(CultureInfo.InvariantCulture), raised.At, raised.Kind, JsonElement.Parse(raised.Detail));
}
