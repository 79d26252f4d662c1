using Orchestrator.Grains.Billing.Export.Webhooks;
using Orchestrator.Grains.Billing.Stripe;

namespace Orchestrator.Storage.Billing;

/// <summary>What sinks tell us, by the sink's id of it.</summary>
public sealed class WebhookInboxStore(Database database) : IWebhookInbox
{
    /// <inheritdoc/>
    public async Task<bool> AddAsync(StripeNotification notification, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            INSERT INTO webhook_event (id, type, account, due_at) VALUES ($1, $2, $3, CASE WHEN $4 THEN clock_timestamp() END) ON CONFLICT DO NOTHING
            """);
        command.Parameters.Value(notification.Id).Value(notification.Type).Text(notification.Account).Value(notification.HasReport);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<WaitingNotification?> TakeAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            UPDATE webhook_event SET attempts = attempts + 1, due_at = clock_timestamp() + $1
            WHERE id = (SELECT id FROM webhook_event WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id, type, account, attempts
            """);
        command.Parameters.Value(wait);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new WaitingNotification(reader.GetString(0), reader.GetString(1), reader.Text(2), reader.GetInt32(3))
            : null;
    }

    /// <inheritdoc/>
    public async Task DoneAsync(string id, string? error, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("UPDATE webhook_event SET due_at = NULL, last_error = $2 WHERE id = $1");
        command.Parameters.Value(id).Text(error);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task FailedAsync(string id, string error, TimeSpan wait, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("UPDATE webhook_event SET due_at = clock_timestamp() + $3, last_error = $2 WHERE id = $1 AND due_at IS NOT NULL");
        command.Parameters.Value(id).Value(error).Value(wait);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RequestReconciliationAsync(ReconciliationWish wish, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            INSERT INTO reconciliation_request (key, account, meter_id, reason, from_at, to_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
            """);
        command.Parameters.Value(wish.Key).Text(wish.Account).Text(wish.Meter).Value(wish.Reason).Instant(wish.From).Instant(wish.To);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
