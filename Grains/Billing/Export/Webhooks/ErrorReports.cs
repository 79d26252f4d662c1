using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Stripe;

namespace Orchestrator.Grains.Billing.Export.Webhooks;

/// <summary>
/// Acts on what waits in the inbox: fetches the report behind a notification, marks the batches that it names as failed, and
/// asks for a reconciliation where it does not name all. None is issued anew by itself: every cause Stripe knows is one that a
/// person must mend first, and until then a new one would fail alike.
/// </summary>
public sealed partial class ErrorReports(
    IWebhookInbox inbox, IExportReissue exports, StripeMeterEvents stripe, IOptions<StripeOptions> options, ExportMetrics metrics, ILogger<ErrorReports> logger)
{
    /// <summary>After so many attempts a report is given up, and reconciliation has to find what it was about.</summary>
    private const int MaxAttempts = 20;

    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(2);

    internal Random Random { get; init; } = Random.Shared;

    /// <summary>One turn: all that is due.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await inbox.TakeAsync(Wait, cancellationToken) is { } notification)
            await ActAsync(notification, cancellationToken);
    }

    private async Task ActAsync(WaitingNotification notification, CancellationToken cancellationToken)
    {
        // A report is read with the platform's key, for itself or for a connected account.
        var reading = await stripe.ReportAsync(new StripeAccess(options.Value.ApiKey, notification.Account), notification.Id, cancellationToken);
        if (reading.Value is { } report)
        {
            await ReadAsync(notification, report, cancellationToken);
            return;
        }

        if (reading.Outcome is StripeOutcome.Retry retry && notification.Attempts < MaxAttempts)
        {
            await inbox.FailedAsync(notification.Id, retry.Cause, Backoff.Delay(notification.Attempts, retry.After, Random.NextDouble()), cancellationToken);
            return;
        }

        var reason = $"the report {notification.Id} cannot be read";
        await inbox.RequestReconciliationAsync(new ReconciliationWish(notification.Id, reason) { Account = notification.Account }, cancellationToken);
        await inbox.DoneAsync(notification.Id, reason, cancellationToken);
        LogUnreadable(notification.Id, notification.Type);
    }

    private async Task ReadAsync(WaitingNotification notification, StripeErrorReport report, CancellationToken cancellationToken)
    {
        var failed = 0;
        foreach (var errors in report.Errors)
        {
            string[] named = [.. errors.Samples.Select(sample => sample.Identifier).OfType<string>().Distinct(StringComparer.Ordinal)];
            failed += await exports.FailAsync(notification.Account, named, errors.Code, cancellationToken);
        }

        metrics.FoundWrong(failed);
        if (report.IsPartial)
        {
            var wish = new ReconciliationWish(report.Id, $"{report.Count} events were found wrong and not all are named")
            {
                Account = notification.Account, Meter = report.Meter, From = report.From, To = report.To,
            };
            await inbox.RequestReconciliationAsync(wish, cancellationToken);
        }

        await inbox.DoneAsync(notification.Id, error: null, cancellationToken);
        LogFoundWrong(report.Id, report.Count, failed);
    }

    [LoggerMessage(1231, LogLevel.Error, "Report {Report}: the sink found {Count} batches wrong that it had taken; {Failed} of ours are named and wait to be issued anew")]
    private partial void LogFoundWrong(string report, long count, int failed);

    [LoggerMessage(1232, LogLevel.Error, "Report {Report} of the kind {Type} cannot be read; reconciliation is asked for")]
    private partial void LogUnreadable(string report, string type);
}
