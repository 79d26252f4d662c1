using Orchestrator.Simulator.Stripe.Metering;
using Orchestrator.Simulator.Stripe.Oracles;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>Reads a request, has it carried out, notes it in the log and only then answers or cuts the connection.</summary>
internal sealed class StripeEndpoint(StripeOptions options, StripeBooks books, StripeDoor door, StripeExecution execution, RequestLog log, ViolationLog violations)
{
    /// <summary>All of the API's paths. A provider's paths under /v1 are routes of their own and come first.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Map("/v1/{**path}", HandleAsync);
        routes.Map("/v2/{**path}", HandleAsync);
    }

    private async Task HandleAsync(HttpContext context)
    {
        // Somebody looks for a provider's path that is none: not Stripe's business, and no violation of its contract.
        if (!context.Request.Headers.ContainsKey("Authorization") && !context.Request.Headers.ContainsKey("Stripe-Version"))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (await IncomingRequest.ReadAsync(context.Request, options.MaxBodyBytes, context.RequestAborted) is not { } request)
        {
            var words = $"{context.Request.Method} {context.Request.Path}: a body of more than {options.MaxBodyBytes} bytes";
            await WriteAsync(context, StripeErrors.Refused(413, words), Noted(new(StripeErrors.Refused(413, words) with { Violation = words }), null, null, context));
            return;
        }

        var (call, refusal) = door.Enter(request);
        var outcome = call is null ? new Outcome(refusal) : await execution.RunAsync(call, request);

        var number = Noted(outcome, request, call, context);
        if (outcome.Answer is { } answer)
            await WriteAsync(context, answer, number);
        else
            context.Abort();
    }

    private long Noted(Outcome outcome, IncomingRequest? request, StripeCall? call, HttpContext context)
    {
        lock (books.Gate)
        {
            books.Counts = books.Counts with { Requests = books.Counts.Requests + 1 };
            if (outcome.Answer?.Violation is { } violation)
            {
                books.Counts = books.Counts with { ContractViolations = books.Counts.ContractViolations + 1 };
                violations.Add(violation);
            }

            var identifier = call is null ? null : call.Body["identifier"] ?? call.Body["cancel"]?["identifier"];
            return log.Add(new(
                books.Clock.Now, call?.Account.Id, context.Request.Method, context.Request.Path + context.Request.QueryString, request?.IdempotencyKey,
                identifier?.ToString(), request?.BodyHash ?? [], outcome.Answer?.Status ?? 0, outcome.Replayed, outcome.Fault));
        }
    }

    private static async Task WriteAsync(HttpContext context, StripeAnswer answer, long number)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = "application/json";
        response.ContentLength = answer.Body.Length;
        response.Headers["Request-Id"] = $"req_{number:x8}";
        foreach (var echoed in (ReadOnlySpan<string>)["Stripe-Version", "Stripe-Account", "Idempotency-Key"])
            if (context.Request.Headers.TryGetValue(echoed, out var value))
                response.Headers[echoed] = value;
        foreach (var (name, value) in answer.Headers)
            response.Headers[name] = value;
        await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }
}
