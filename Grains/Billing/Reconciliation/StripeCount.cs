using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Stripe;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>Stripe's event summaries, the one way to read what a meter counted.</summary>
public sealed class StripeCount(StripeMeterEvents stripe, IOptions<StripeOptions> options, TimeProvider time) : IUsageCount
{
    private const int MaxAttempts = 4;

    /// <inheritdoc/>
    public SinkKind Kind => SinkKind.Stripe;

    /// <inheritdoc/>
    public async Task<SinkCount> CountAsync(
        SinkAddress address, string meter, DateTimeOffset from, DateTimeOffset to, TimeSpan window, CancellationToken cancellationToken)
    {
        var access = new StripeAccess(address.Credential ?? options.Value.ApiKey, address.Account);
        var query = new SummaryQuery(meter, address.Customer, from, to, WindowOf(window));
        for (var attempt = 1; ; attempt++)
        {
            var reading = await stripe.SummariesAsync(access, query, cancellationToken);
            switch (reading.Outcome)
            {
                case StripeOutcome.Accepted:
                    return new SinkCount([.. reading.Value!.Select(summary => new CountedWindow(summary.From, summary.To, summary.Value))]);
                case StripeOutcome.Retry retry when attempt < MaxAttempts:
                    await Task.Delay(Backoff.Delay(attempt, retry.After, Random.Shared.NextDouble()), time, cancellationToken);
                    break;
                case StripeOutcome.Retry retry:
                    return new SinkCount(null, retry.Cause);
                case StripeOutcome.Rejected rejected:
                    return new SinkCount(null, $"{rejected.Status} {rejected.Code}: {rejected.Message}");
                default:
                    return new SinkCount(null, "the answer is not what was asked for");
            }
        }
    }

    private static SummaryWindow WindowOf(TimeSpan window) =>
        window == TimeSpan.FromDays(1) ? SummaryWindow.Day : window == TimeSpan.FromHours(1) ? SummaryWindow.Hour : SummaryWindow.Whole;
}
