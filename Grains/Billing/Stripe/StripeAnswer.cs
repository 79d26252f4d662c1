using System.Net;
using System.Net.Http.Headers;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>What became of a request.</summary>
public abstract record StripeAnswer
{
    private protected StripeAnswer() { }
}

/// <summary>There was an answer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body, within the transport's bound.</param>
public sealed record StripeReply(int Status, ReadOnlyMemory<byte> Body) : StripeAnswer
{
    /// <summary>Nobody is kept waiting for longer than a day: after that the identifier protects no more.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    /// <summary><c>Stripe-Should-Retry</c>, where Stripe says so.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary><c>Retry-After</c>, in seconds or as a date.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary><c>Idempotent-Replayed</c>: the answer that Stripe kept for this idempotency key.</summary>
    public bool Replayed { get; init; }

    /// <summary><c>Request-Id</c>, what their support asks for.</summary>
    public string? RequestId { get; init; }

    /// <summary><c>Stripe-Rate-Limited-Reason</c>; a 429 without it is a lock.</summary>
    public string? RateLimitedReason { get; init; }

    /// <summary><c>Date</c>: Stripe's clock, to tell how far ours is from it.</summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>Reads the headers that we need.</summary>
    public static StripeReply Of(HttpStatusCode status, HttpResponseHeaders headers, ReadOnlyMemory<byte> body, DateTimeOffset now) => new((int)status, body)
    {
        ShouldRetry = First(headers, "Stripe-Should-Retry") switch { "true" => true, "false" => false, _ => null },
        RetryAfter = Bounded(headers.RetryAfter?.Delta ?? (headers.RetryAfter?.Date - (headers.Date ?? now))),
        Replayed = First(headers, "Idempotent-Replayed") == "true",
        RequestId = First(headers, "Request-Id") is { } id ? StripeText.Clean(id, 100) : null,
        RateLimitedReason = First(headers, "Stripe-Rate-Limited-Reason") is { } reason ? StripeText.Clean(reason, 100) : null,
        Date = headers.Date,
    };

    private static string? First(HttpResponseHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static TimeSpan? Bounded(TimeSpan? span) =>
        span is { } value ? TimeSpan.FromTicks(Math.Clamp(value.Ticks, 0, MaxRetryAfter.Ticks)) : null;
}

/// <summary>There was none.</summary>
/// <param name="MayHaveArrived">Whether Stripe may have acted on it; false only where no connection came to be.</param>
/// <param name="Cause">What went wrong, in a few words.</param>
public sealed record StripeLost(bool MayHaveArrived, string Cause) : StripeAnswer
{
    /// <summary>It took too long.</summary>
    public static StripeLost TimedOut { get; } = new(MayHaveArrived: true, "no answer in time");

    /// <summary>From a failure of the connection. Its message may hold the address; only its kind is kept.</summary>
    public static StripeLost Of(Exception failure) => failure is HttpRequestException { HttpRequestError: var error }
        ? new(error is not (HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError), $"connection failed: {error}")
        : new(MayHaveArrived: true, $"connection failed: {failure.GetType().Name}");
}

/// <summary>It was not sent: a rule of ours forbids it.</summary>
/// <param name="Reason">A sentence that holds no secret.</param>
public sealed record StripeRefusal(string Reason) : StripeAnswer;
