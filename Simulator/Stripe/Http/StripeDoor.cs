using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Contract;
using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>Who may enter, and with what: key, account, version, and the contract that the request must fit.</summary>
internal sealed class StripeDoor(StripeBooks books)
{
    private const string Bearer = "Bearer ";
    private const int MaxKeyLength = 255;
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 16 };

    /// <summary>Either the call or why it is refused.</summary>
    public (StripeCall? Call, StripeAnswer? Refusal) Enter(IncomingRequest request)
    {
        Account? account;
        lock (books.Gate)
            if (AccountOf(request, out account) is { } stranger)
                return (null, stranger);

        if (StripeContract.Instance.Find(request.Method, request.Path) is not var (operation, id))
            return (null, StripeErrors.Unrecognized(request.Method, request.Path));
        if (request.Header("Stripe-Version") is not { Length: > 0 })
            return (null, StripeErrors.Violation(operation, "The header Stripe-Version is missing: a client of money pins its version."));
        if (request.IdempotencyKey?.Length > MaxKeyLength)
            return (null, StripeErrors.Violation(operation, $"The Idempotency-Key is longer than {MaxKeyLength} characters."));

        var (query, problem) = FormTree.Read(request.Query.TrimStart('?'));
        var (body, bodyProblem) = ReadBody(request, operation);
        if ((problem ?? bodyProblem) is { } unreadable)
            return (null, StripeErrors.Violation(operation, unreadable));

        // A query is a form also where the body is JSON.
        var misfit = new ContractCheck(StripeContract.Instance, isForm: true).Check(query, operation.Query)
            ?? (operation.Body is { } schema ? new ContractCheck(StripeContract.Instance, isForm: !operation.IsV2).Check(body, schema) : null);
        return misfit is null
            ? (new(operation, account!, id, query!, body!), null)
            : (null, StripeErrors.Violation(operation, misfit.Message, misfit.Code, misfit.Param));
    }

    private StripeAnswer? AccountOf(IncomingRequest request, out Account? account)
    {
        account = null;
        if (request.Header("Authorization") is not { } authorization || !authorization.StartsWith(Bearer, StringComparison.Ordinal))
            return StripeErrors.Refused(401, "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.");

        account = books.ByKey(authorization[Bearer.Length..]);
        if (account is null)
            return StripeErrors.Refused(401, "Invalid API Key provided: ***");

        // v2 also calls it the context.
        if ((request.Header("Stripe-Account") ?? request.Header("Stripe-Context")) is not { Length: > 0 } wanted || wanted == account.Id)
            return null;
        if (books.Find(wanted) is not { } connected || connected.Platform != account.Id)
            return StripeErrors.Refused(403, $"The provided key does not have access to account '{wanted}' (or that account does not exist).", "account_invalid");
        account = connected;
        return null;
    }

    private static (JsonObject? Body, string? Problem) ReadBody(IncomingRequest request, Operation operation)
    {
        if (operation.ContentType is not { } contentType)
            return request.Body.Length == 0 ? (new(), null) : (null, "This operation takes no body.");
        if (request.Body.Length > 0 && request.Header("Content-Type")?.StartsWith(contentType, StringComparison.OrdinalIgnoreCase) is not true)
            return (null, $"The Content-Type must be {contentType}.");

        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(request.Body);
            if (!operation.IsV2)
                return FormTree.Read(text);
            return JsonNode.Parse(text, documentOptions: Json) is JsonObject body ? (body, null) : (null, "The body must be a JSON object.");
        }
        catch (Exception exception) when (exception is JsonException or DecoderFallbackException or ArgumentException)
        {
            return (null, "The body cannot be read: invalid JSON or UTF-8.");
        }
    }
}
