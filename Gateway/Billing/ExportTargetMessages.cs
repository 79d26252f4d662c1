using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Providers;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>A target to be added. What it sends to belongs to who adds it: the installation's own key and files are the operator's.</summary>
/// <param name="Kind"><c>stripe</c> or <c>cloud_events</c>.</param>
/// <param name="EventName">What the sink calls it; at Stripe the event name of the meter.</param>
/// <param name="Customer">What the sink calls the one who used it; at Stripe the customer's id.</param>
/// <param name="Credential">Your own key. Stripe needs one; others get it as a bearer token. It is never shown again.</param>
/// <param name="Account">At Stripe: the connected account that the key acts for.</param>
/// <param name="Endpoint">Where CloudEvents go.</param>
/// <param name="MeterId">At Stripe: the meter, to compare sums with.</param>
/// <param name="Unit">What it counts: <c>seconds</c>, or tokens of one kind such as <c>audio_out</c>. Default: seconds.</param>
internal sealed record NewTarget(
    SinkKind? Kind, string? EventName, string? Customer, string? Credential, string? Account, string? Endpoint, string? MeterId, UsageUnit? Unit)
{
    public static NewTarget Read(JsonBody body)
    {
        var kind = body.OneOf("kind", required: true, SinkKind.Stripe, SinkKind.CloudEvents);
        var target = new NewTarget(
            kind, body.Text("eventName", 100, required: true), body.Text("customer", 100, required: true),
            body.Text("credential", 255, required: kind is SinkKind.Stripe), body.Text("account", 100),
            body.Text("endpoint", 2_000, required: kind is SinkKind.CloudEvents), body.Text("meterId", 100),
            body.OneOf("unit", required: false, Enum.GetValues<UsageUnit>()));
        if (kind is SinkKind.CloudEvents && (target.Account ?? target.MeterId) is not null)
            body.Wrong(target.Account is null ? "meterId" : "account", "is for stripe alone");
        if (kind is SinkKind.Stripe && target.Endpoint is not null)
            body.Wrong("endpoint", "is for cloud_events alone");
        if (target.MeterId?.All(c => char.IsAsciiLetterOrDigit(c) || c is '_') is false)
            body.Wrong("meterId", "must be the id of a meter, such as mtr_123");
        return target;
    }

    /// <summary>Says by field what the sink has against it: each is shown to the sink beside others that are well.</summary>
    public void Check(JsonBody body, IUsageSink sink)
    {
        var well = new SinkAddress(default, "seconds", "customer") { Endpoint = "https://example.com/", Credential = new Secret("sk_test_0") };
        (string Field, SinkAddress? Address)[] fields =
        [
            ("eventName",  EventName is null ? null : well with { EventName = EventName }),
            ("customer",   Customer is null ? null : well with { Customer = Customer }),
            ("credential", Credential is null ? null : well with { Credential = new Secret(Credential) }),
            ("account",    Account is null ? null : well with { Account = Account }),
            ("endpoint",   Endpoint is null ? null : well with { Endpoint = Endpoint }),
        ];
        foreach (var (field, address) in fields)
        {
            if (address is not null && sink.Flaw(address) is { } flaw)
                body.Wrong(field, flaw);
        }
    }

    /// <summary>As it is stored; for a request in which nothing was wrong.</summary>
    public NewExportTarget ToTarget(TenantId tenant, TenantId by)
    {
        var credential = Credential is null ? null : new Secret(Credential);
        var address = new SinkAddress(tenant, EventName!, Customer!)
        {
            Account = Account, Endpoint = Endpoint, Credential = credential, Unit = Unit ?? UsageUnit.Seconds,
        };
        return new NewExportTarget(Kind!.Value, address) { MeterId = MeterId, AddedBy = by };
    }

    /// <summary>Without the credential.</summary>
    public override string ToString() => $"{Kind} {EventName} {Customer}";
}

/// <summary>A target and how it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Tenant">Whose usage it sends.</param>
/// <param name="AddedBy">The tenant that added it.</param>
/// <param name="Kind">What it sends to.</param>
/// <param name="Unit">What it counts.</param>
/// <param name="EventName">What the sink calls it.</param>
/// <param name="Customer">What the sink calls the one who used it.</param>
/// <param name="Account">The connected account.</param>
/// <param name="Endpoint">Where CloudEvents go, up to the question mark.</param>
/// <param name="HasCredential">Whether it has a credential, which is never shown.</param>
/// <param name="MeterId">The meter.</param>
/// <param name="ActiveFrom">Usage recorded from here on is sent.</param>
/// <param name="RetiredAt">Usage recorded from here on is not.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="LastSentAt">When the newest batch that was sent was.</param>
/// <param name="OldestUnsentAt">Since when the oldest batch waits that is still to go out.</param>
/// <param name="BlockedUntil">Until when the next attempt waits.</param>
/// <param name="LastError">What the sink said of the newest batch that is not through.</param>
/// <param name="Counts">Batches by state; of those that are through, the last seven days'.</param>
internal sealed record ExportTargetResponse(
    string Id, string Tenant, string? AddedBy, SinkKind Kind, UsageUnit Unit, string EventName, string Customer, string? Account, string? Endpoint,
    bool HasCredential, string? MeterId, DateTimeOffset ActiveFrom, DateTimeOffset? RetiredAt, DateTimeOffset CreatedAt, DateTimeOffset? LastSentAt,
    DateTimeOffset? OldestUnsentAt, DateTimeOffset? BlockedUntil, string? LastError, IReadOnlyDictionary<string, long> Counts)
{
    public static ExportTargetResponse Of(ExportTargetRow row) => new(
        row.Id.ToString("N"), row.Address.Tenant.ToString(), row.AddedBy?.ToString(), row.Kind, row.Address.Unit, row.Address.EventName, row.Address.Customer,
        row.Address.Account, ExportTargetRow.WithoutQuery(row.Address.Endpoint), row.HasCredential, row.MeterId, row.ActiveFrom, row.RetiredAt, row.CreatedAt, row.LastSentAt,
        row.OldestUnsentAt, row.BlockedUntil, row.LastError, row.Counts);
}
