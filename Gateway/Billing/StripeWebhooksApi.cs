using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Billing.Export.Webhooks;
using Orchestrator.Grains.Billing.Stripe;

namespace Orchestrator.Gateway.Billing;

/// <summary>
/// Where Stripe tells us what happened. The signature is the credential; a notification is kept once and answered at once, and
/// acted on later, by any process. Kinds that we do not know are thanked for, or Stripe would repeat them for days.
/// </summary>
internal static class StripeWebhooksApi
{
    private const int MaxBytes = 256 * 1024;

    public static void MapStripeWebhooks(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/webhooks/stripe", ReceiveAsync).WithTags("Webhooks").WithName("ReceiveStripe").WithSummary("Notifications of Stripe, signed by it");

    private static async Task<Results<NoContent, ProblemHttpResult>> ReceiveAsync(
        HttpContext context, IWebhookInbox inbox, WebhookGate gate, IOptions<StripeOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        using var place = gate.Enter(Source.AddressOf(context));
        if (place is null)
            return TooMany(context);
        if (await ReadAsync(context, cancellationToken) is not { } body)
            return Problems.BodyTooLarge;

        var verdict = StripeSignature.Verify(body.Span, context.Request.Headers["Stripe-Signature"], options.Value.WebhookSecrets, time.GetUtcNow());
        if (verdict is not SignatureVerdict.Valid)
            return Problems.InvalidSignature;
        if (StripeNotification.Read(body) is not { } notification)
            return Problems.OfStatus(StatusCodes.Status400BadRequest);

        await inbox.AddAsync(notification, cancellationToken);
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult TooMany(HttpContext context) => Problems.TooManyRefusals(context);

    /// <summary>The body as it came, byte for byte, which is what was signed; null when it is longer than any that Stripe sends.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxBytes;
        if (context.Request.ContentLength > MaxBytes)
            return null;
        using var read = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(read, cancellationToken);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }

        return read.GetBuffer().AsMemory(0, (int)read.Length);
    }
}
