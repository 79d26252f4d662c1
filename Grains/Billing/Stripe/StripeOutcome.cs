namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>What an answer means for the row it was sent for.</summary>
public abstract record StripeOutcome
{
    private StripeOutcome() { }

    /// <summary>What Stripe's support asks for; null where there was no answer.</summary>
    public string? RequestId { get; init; }

    /// <summary>Stripe's clock; one far from ours makes timestamps that are refused.</summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>Taken, though not yet billed.</summary>
    public sealed record Accepted : StripeOutcome;

    /// <summary>Taken already, by an earlier attempt of ours whose answer was lost.</summary>
    public sealed record Duplicate : StripeOutcome;

    /// <summary>To be sent again, byte for byte.</summary>
    /// <param name="After">Not before this long, where Stripe says so.</param>
    /// <param name="Unknown">
    /// Whether Stripe may have acted on it. From the first such attempt on the row has 23 hours; then it is for reconciliation.
    /// </param>
    /// <param name="NewKey">
    /// Whether the next attempt needs another <see cref="StripeIdempotencyKey"/>: Stripe would answer this one from what it
    /// kept. The identifier in the body stays, and still protects.
    /// </param>
    /// <param name="Cause">Why, in a few words.</param>
    public sealed record Retry(TimeSpan? After, bool Unknown, bool NewKey, string Cause) : StripeOutcome;

    /// <summary>Refused for good, until a person changes something.</summary>
    /// <param name="Status">The HTTP status; 0 when it was not sent.</param>
    /// <param name="Code">Stripe's code or, where it has none, its type.</param>
    /// <param name="Message">Stripe's words, without credentials.</param>
    public sealed record Rejected(int Status, string Code, string Message) : StripeOutcome;

    /// <summary>Reads an answer.</summary>
    /// <param name="answer">What the transport brought.</param>
    /// <param name="identifier">The identifier that was sent, if any: a duplicate of another's is no success of ours.</param>
    public static StripeOutcome Of(StripeAnswer answer, string? identifier = null) => answer switch
    {
        StripeReply reply     => Of(reply, StripeError.Read(reply.Body), identifier) with { RequestId = reply.RequestId, Date = reply.Date },
        StripeLost lost       => new Retry(After: null, lost.MayHaveArrived, NewKey: false, lost.Cause),
        StripeRefusal refusal => new Rejected(0, "refused_here", refusal.Reason),
        _                     => throw new ArgumentException($"No one reads {answer.GetType().Name}.", nameof(answer)),
    };

    private static StripeOutcome Of(StripeReply reply, StripeError error, string? identifier)
    {
        if (reply.Status is >= 200 and < 300)
            return new Accepted();
        if (identifier is not null && error.IsDuplicateOf(identifier, reply.Status))
            return new Duplicate();

        var broken = reply.Status >= 500;
        var busy = reply.Status is 409 or 429 || error.IsBusy;
        // A redirect is nobody's refusal of this row: something stands between us and Stripe.
        var lost = reply.Status is < 200 or (>= 300 and < 400);
        if (!broken && !busy && !lost && reply.ShouldRetry is not true)
            return new Rejected(reply.Status, error.Code ?? error.Type ?? $"http_{reply.Status}", error.Message);

        // "Do not retry" speaks of this key: Stripe kept the answer, or wants no second try of the same request at once. What
        // it leaves open is the usage itself, and that goes out under another key; the identifier holds whatever happens.
        var newKey = reply.ShouldRetry is false || (broken && reply.Replayed);
        return new Retry(reply.RetryAfter, Unknown: broken, newKey, error.Summary(reply));
    }
}
