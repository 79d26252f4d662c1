using System.Text.Json;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>Which of the events that Stripe had taken it found wrong afterwards.</summary>
/// <param name="Id">Of the event that reports it.</param>
/// <param name="Type">One of the two kinds of <see cref="StripeNotification"/>.</param>
/// <param name="Errors">By kind of error.</param>
public sealed record StripeErrorReport(string Id, string Type, IReadOnlyList<StripeEventErrors> Errors)
{
    /// <summary>The meter; null when none was found.</summary>
    public string? Meter { get; init; }

    /// <summary>When Stripe looked; the first instant.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>When Stripe looked; the end.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How many events were found wrong.</summary>
    public long Count { get; init; }

    /// <summary>Every identifier that is named, once.</summary>
    public IEnumerable<string> Identifiers => Errors.SelectMany(error => error.Samples).Select(sample => sample.Identifier).OfType<string>().Distinct();

    /// <summary>Whether some are not named: which, only a reconciliation can tell.</summary>
    public bool IsPartial => Count > Errors.Sum(error => (long)error.Samples.Count)
        || Errors.Any(error => error.Count > error.Samples.Count(sample => sample.Identifier is not null));

    /// <summary>Reads a fetched event; null when it is no such report.</summary>
    public static StripeErrorReport? Read(ReadOnlyMemory<byte> body) => StripeJson.Read(body, root =>
    {
        if (root.Text("id") is not { } id || root.Text("type") is not { } type || type is not (StripeNotification.MeterErrors or StripeNotification.NoMeter))
            return null;
        if (root.Member("data") is not { } data || data.Member("reason") is not { } reason)
            return null;
        List<StripeEventErrors> errors = [.. reason.Items("error_types").Select(StripeEventErrors.Of)];
        return new StripeErrorReport(id, type, errors)
        {
            Meter = root.Member("related_object")?.Text("id"),
            From = data.Instant("validation_start"),
            To = data.Instant("validation_end"),
            Count = reason.Number("error_count") ?? errors.Sum(error => error.Count),
        };
    });
}

/// <summary>Errors of one kind.</summary>
/// <param name="Code">Stripe's code; new ones come.</param>
/// <param name="Count">How many.</param>
/// <param name="Samples">Some of them, or all.</param>
public sealed record StripeEventErrors(string Code, long Count, IReadOnlyList<StripeEventError> Samples)
{
    internal static StripeEventErrors Of(JsonElement element)
    {
        List<StripeEventError> samples = [.. element.Items("sample_errors").Select(StripeEventError.Of)];
        return new(StripeText.Clean(element.Text("code") ?? "unknown", 100), element.Number("error_count") ?? samples.Count, samples);
    }
}

/// <summary>One of them.</summary>
/// <param name="Identifier">The event's; null when it is not told.</param>
/// <param name="Message">Stripe's words.</param>
public sealed record StripeEventError(string? Identifier, string Message)
{
    /// <summary>Older reports name the header's key in place of the identifier.</summary>
    internal static StripeEventError Of(JsonElement element)
    {
        var request = element.Member("request");
        var identifier = request?.Text("identifier") ?? (request?.Text("idempotency_key") is { } key ? StripeIdempotencyKey.Identifier(key) : null);
        return new(identifier, StripeText.Clean(element.Text("error_message") ?? ""));
    }
}
