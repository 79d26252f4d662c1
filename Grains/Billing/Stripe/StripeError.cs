using System.Text.Json;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>The error in an answer, of either version of the API. Whatever is not there or is none is null.</summary>
internal sealed record StripeError(string? Type, string? Code, string Message)
{
    private const string Taken = "An event already exists with identifier ";

    private static readonly StripeError None = new(Type: null, Code: null, "The answer names no error.");

    /// <summary>As Stripe wrote it: what is compared must not be cleaned first.</summary>
    private string? Raw { get; init; }

    /// <summary>Whether another call is in the way, by the code alone.</summary>
    public bool IsBusy => Code is "lock_timeout" or "rate_limit" or "too_many_concurrent_requests";

    public static StripeError Read(ReadOnlyMemory<byte> body) => StripeJson.Read(body, root =>
    {
        if (root.Member("error") is not { ValueKind: JsonValueKind.Object } error)
            return null;
        var message = error.Text("message");
        return new StripeError(Name(error.Text("type")), Name(error.Text("code")), message is null ? None.Message : StripeText.Clean(message)) { Raw = message };
    }) ?? None;

    /// <summary>
    /// Whether Stripe has the event of this identifier. The first version of the API has no code for it, so its sentence is
    /// compared to the letter; the second has a code, which counts unless the sentence names another's.
    /// </summary>
    public bool IsDuplicateOf(string identifier, int status)
    {
        if (status != 400)
            return false;
        var names = Raw == $"{Taken}{identifier}.";
        return Code == "duplicate_meter_event"
            ? names || Raw?.Contains(Taken, StringComparison.Ordinal) is not true
            : names && Code is null && Type == "invalid_request_error";
    }

    public string Summary(StripeReply reply) => $"HTTP {reply.Status} {Code ?? Type ?? reply.RateLimitedReason}".TrimEnd();

    private static string? Name(string? text) => text is null ? null : StripeText.Clean(text, 100);
}
