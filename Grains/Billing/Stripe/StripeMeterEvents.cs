namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>
/// What we ask of Stripe, each as one request over the transport. It decides nothing: attempts, waits and states are the
/// sender's, and what an answer means is <see cref="StripeOutcome"/>.
/// </summary>
public sealed class StripeMeterEvents(IStripeTransport transport)
{
    /// <summary>A hundred summaries each: five years of hours, more than Stripe keeps events for.</summary>
    private const int MaxPages = 500;

    /// <summary>
    /// Sends a frozen event. Safe to repeat with the same body and identifier for 23 hours, whatever became of it before.
    /// </summary>
    /// <param name="access">Whose key, and for which account.</param>
    /// <param name="body">As <see cref="MeterEvent.Freeze"/> wrote it, or as it was restored.</param>
    /// <param name="identifier">The one in the body.</param>
    /// <param name="keyChanges">How often an outcome asked for a new key.</param>
    /// <param name="cancellationToken">Leaves the outcome unknown.</param>
    public async Task<StripeOutcome> SendAsync(StripeAccess access, StripeBody body, string identifier, int keyChanges, CancellationToken cancellationToken)
    {
        var request = StripeRequest.Post(access, "/v1/billing/meter_events", body, StripeIdempotencyKey.Of(identifier, keyChanges));
        return StripeOutcome.Of(await transport.SendAsync(request, cancellationToken), identifier);
    }

    /// <summary>The body that takes an event back; Stripe takes it within 24 hours of the event.</summary>
    public static StripeBody Cancellation(string eventName, string identifier) =>
        StripeBody.Freeze(("cancel[identifier]", identifier), ("event_name", eventName), ("type", "cancel"));

    /// <summary>Takes an event back. Safe to repeat with the same body and key.</summary>
    public async Task<StripeOutcome> CancelAsync(StripeAccess access, StripeBody cancellation, string idempotencyKey, CancellationToken cancellationToken)
    {
        var request = StripeRequest.Post(access, "/v1/billing/meter_event_adjustments", cancellation, idempotencyKey);
        return StripeOutcome.Of(await transport.SendAsync(request, cancellationToken));
    }

    /// <summary>Reads all pages of a summary. What was sent a moment ago may not be in it yet.</summary>
    public async Task<StripeReading<IReadOnlyList<MeterSummary>>> SummariesAsync(StripeAccess access, SummaryQuery query, CancellationToken cancellationToken)
    {
        if (query.Flaw() is { } flaw)
            throw new ArgumentException(flaw, nameof(query));

        var path = $"/v1/billing/meters/{Segment(query.Meter)}/event_summaries";
        var read = new List<MeterSummary>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var page = 0; page < MaxPages; page++)
        {
            var answer = await transport.SendAsync(StripeRequest.Get(access, path, query.Page(read.LastOrDefault()?.Id)), cancellationToken);
            if (StripeOutcome.Of(answer) is not StripeOutcome.Accepted and var outcome)
                return new(outcome, Value: null);
            if (answer is not StripeReply reply || SummaryPage.Read(reply.Body) is not { } found)
                return new(Unreadable, Value: null);
            // A page without anything new would be asked for again and again, and counted each time.
            if (!found.Summaries.All(summary => seen.Add(summary.Id)) || (found.HasMore && found.Summaries.Count == 0))
                break;
            read.AddRange(found.Summaries);
            if (!found.HasMore)
                return new(new StripeOutcome.Accepted(), read);
        }

        return new(Unreadable, Value: null);
    }

    /// <summary>Reads the event behind a notification, which itself has no details.</summary>
    public async Task<StripeReading<StripeErrorReport>> ReportAsync(StripeAccess access, string eventId, CancellationToken cancellationToken)
    {
        var answer = await transport.SendAsync(StripeRequest.Get(access, $"/v2/core/events/{Segment(eventId)}"), cancellationToken);
        if (StripeOutcome.Of(answer) is not StripeOutcome.Accepted and var outcome)
            return new(outcome, Value: null);
        return answer is StripeReply reply && StripeErrorReport.Read(reply.Body) is { } report ? new(new StripeOutcome.Accepted(), report) : new(Unreadable, Value: null);
    }

    /// <summary>Reading again harms nothing.</summary>
    private static StripeOutcome.Retry Unreadable => new(After: null, Unknown: false, NewKey: false, "the answer is not what was asked for");

    /// <summary>An id in a path: a dot or a slash in it would lead elsewhere.</summary>
    private static string Segment(string id) => id.Length is > 0 and <= 255 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
        ? id
        : throw new ArgumentException("An id of Stripe's has letters, digits, _ and -.", nameof(id));
}
