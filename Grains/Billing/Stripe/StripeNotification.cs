using System.Text.Json;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>
/// What Stripe tells us has happened: the id to act on once, and the kind. Of a thin event there is no more; of others the rest
/// is not read, for what they hold may be old when they arrive.
/// </summary>
/// <param name="Id">The same in every delivery.</param>
/// <param name="Type">The kind; those we do not know are acknowledged and left.</param>
public sealed record StripeNotification(string Id, string Type)
{
    /// <summary>Events of a meter were taken and then found wrong.</summary>
    public const string MeterErrors = "v1.billing.meter.error_report_triggered";

    /// <summary>Events were taken that name no meter.</summary>
    public const string NoMeter = "v1.billing.meter.no_meter_found";

    /// <summary>The account it is about: <c>context</c> of a thin event, <c>account</c> of others; null for the platform's own.</summary>
    public string? Account { get; init; }

    /// <summary>What it is about, such as a meter.</summary>
    public string? About { get; init; }

    /// <summary>When it happened, where it says so.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Whether it is about real money.</summary>
    public bool Live { get; init; }

    /// <summary>Whether a <see cref="StripeErrorReport"/> is to be fetched for it.</summary>
    public bool HasReport => Type is MeterErrors or NoMeter;

    /// <summary>Reads a body whose signature is right; null when it is no notification.</summary>
    public static StripeNotification? Read(ReadOnlyMemory<byte> body) => StripeJson.Read(body, root =>
    {
        if (root.Text("id") is not { Length: > 0 and <= 255 } id || root.Text("type") is not { Length: > 0 and <= 255 } type || !id.All(IsOfId))
            return null;
        return new StripeNotification(id, type)
        {
            Account = root.Text("context") ?? root.Text("account"),
            About = root.Member("related_object")?.Text("id"),
            // A thin event writes the date out, others count the seconds.
            Created = root.Instant("created") ?? root.UnixInstant("created"),
            Live = root.Member("livemode") is { ValueKind: JsonValueKind.True },
        };
    });

    /// <summary>The id becomes part of an address, and of a key of ours.</summary>
    private static bool IsOfId(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
}
