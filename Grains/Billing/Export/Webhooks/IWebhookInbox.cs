using Orchestrator.Grains.Billing.Stripe;

namespace Orchestrator.Grains.Billing.Export.Webhooks;

/// <summary>A notification that waits to be acted on.</summary>
/// <param name="Id">The sink's id of it.</param>
/// <param name="Type">What kind.</param>
/// <param name="Account">The account it is about; null for the platform's own.</param>
/// <param name="Attempts">How often it was tried, this time included.</param>
public sealed record WaitingNotification(string Id, string Type, string? Account, int Attempts);

/// <summary>What a sink tells us, each once whatever is delivered how often.</summary>
public interface IWebhookInbox
{
    /// <summary>Keeps a notification (unique by id); false when it was known. Kinds that nothing is done for are kept as done.</summary>
    Task<bool> AddAsync(StripeNotification notification, CancellationToken cancellationToken);

    /// <summary>Takes one that is due; it is due again after that long unless it is done by then.</summary>
    Task<WaitingNotification?> TakeAsync(TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>It was acted on, or never will be.</summary>
    Task DoneAsync(string id, string? error, CancellationToken cancellationToken);

    /// <summary>Why it was not acted on yet.</summary>
    Task FailedAsync(string id, string error, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Asks for a comparison of sums, once for each key.</summary>
    Task RequestReconciliationAsync(ReconciliationWish wish, CancellationToken cancellationToken);
}

/// <summary>What is to be compared.</summary>
/// <param name="Key">The same for every repetition.</param>
/// <param name="Reason">Why.</param>
public sealed record ReconciliationWish(string Key, string Reason)
{
    /// <summary>The account; null for the platform's own.</summary>
    public string? Account { get; init; }

    /// <summary>The meter; null for all.</summary>
    public string? Meter { get; init; }

    /// <summary>From when.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Until when.</summary>
    public DateTimeOffset? To { get; init; }
}
