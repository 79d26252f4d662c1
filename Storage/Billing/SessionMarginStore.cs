using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>What one level of the tree pays the one above it for a session; a root pays the platform.</summary>
public sealed record SessionLevel(TenantId Tenant, string Name, string Currency, long Seconds, long Micros);

/// <summary>What the platform pays for a session.</summary>
/// <param name="Seconds">As the providers' prices count them.</param>
/// <param name="Micros">What they come to.</param>
/// <param name="RecordedMs">What is recorded.</param>
/// <param name="UncostedMs">As much of it as was generated at no known cost.</param>
public sealed record SessionCost(long Seconds, long Micros, long RecordedMs, long UncostedMs);

/// <summary>A session seen from the platform: every level's charge and its own cost. For its operator alone.</summary>
public sealed class SessionMarginStore(Database database)
{
    /// <summary>What each level pays for it, the root first; empty when nothing is recorded.</summary>
    public async Task<IReadOnlyList<SessionLevel>> LevelsAsync(SessionId session, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT t.id, t.name, t.currency, sum(c.seconds)::bigint, sum(c.micros)::bigint
            FROM (
              SELECT c.payer_id, c.seconds, c.micros FROM generation g JOIN ledger_charge c ON c.generation_id = g.id WHERE g.session_id = $1
              UNION ALL SELECT payer_id, 0, micros FROM token_charge WHERE session_id = $1
            ) c
            JOIN tenant t ON t.id = c.payer_id
            GROUP BY t.id ORDER BY cardinality(t.path)
            """);
        command.Parameters.Value(session.Value);
        return await command.ListAsync(reader => new SessionLevel(
            new TenantId(reader.GetGuid(0)), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4)), cancellationToken);
    }

    /// <summary>What the platform pays for it.</summary>
    public async Task<SessionCost> CostAsync(SessionId session, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT coalesce(sum(c.seconds), 0)::bigint,
                   coalesce(sum(c.micros), 0)::bigint + (SELECT coalesce(sum(micros), 0)::bigint FROM token_cost WHERE session_id = $1),
                   coalesce(sum(l.to_ms - l.from_ms), 0)::bigint,
                   coalesce(sum(l.to_ms - l.from_ms) FILTER (WHERE c.ledger_id IS NULL), 0)::bigint
            FROM generation g
            JOIN usage_ledger l ON l.generation_id = g.id
            LEFT JOIN ledger_cost c ON c.ledger_id = l.id
            WHERE g.session_id = $1
            """);
        command.Parameters.Value(session.Value);
        return (await command.ListAsync(
            reader => new SessionCost(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)), cancellationToken)).Single();
    }
}
