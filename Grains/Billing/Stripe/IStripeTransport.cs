namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>
/// Carries one request to Stripe and the answer back, once: what to make of the answer, and when to try again, is decided
/// above it. What goes wrong on the way is an answer too.
/// </summary>
public interface IStripeTransport
{
    /// <summary>
    /// Sends. Throws for cancellation alone, and then, as after <see cref="StripeLost"/>, nobody knows whether it arrived.
    /// </summary>
    Task<StripeAnswer> SendAsync(StripeRequest request, CancellationToken cancellationToken);
}
