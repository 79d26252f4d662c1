using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>What a session used of one model by response, and the price that each level locked.</summary>
/// <param name="Model">The model.</param>
/// <param name="Counted">All of it.</param>
/// <param name="Settled">As much of it as the wallets were charged for.</param>
/// <param name="StartedAt">When its first usage came.</param>
/// <param name="Levels">The levels that the viewer sees, its own first.</param>
public sealed record ChargedMeter(string Model, TokenCounts Counted, TokenCounts Settled, DateTimeOffset StartedAt, IReadOnlyList<ChargedTokenLevel> Levels);

/// <summary>One level of the tree: who pays, at which version, and whether from a wallet.</summary>
public sealed record ChargedTokenLevel(TenantId Tenant, long Version, TokenPrice Price, bool HasWallet);

/// <summary>What one response used, with what each visible level owes for it.</summary>
public sealed record ChargedResponse(
    long Row, string Id, string Source, string Model, TokenCounts Counts, long? Input, long? Output, IReadOnlyList<string> Anomalies, DateTimeOffset ToldAt,
    IReadOnlyList<TenantId> Tenants, IReadOnlyList<long> Micros);

/// <summary>
/// Why the tokens of a session cost what they cost. Every question names the viewer: levels above it are left out. The session is one
/// that the viewer was found to see.
/// </summary>
public sealed class TokenChargeStore(Database database)
{
    /// <summary>More responses than this one answer does not tell.</summary>
    public const int MaxRows = 1_000;

    // The viewer's level and those below it, down to the session's tenant.
    private const string Visible = "SELECT unnest(path[array_position(path, $2):]) AS tenant_id FROM session WHERE id = $1";

    /// <summary>What it used, by model.</summary>
    public async Task<IReadOnlyList<ChargedMeter>> MetersAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken = default)
    {
        var levels = await LevelsAsync(viewer, session, cancellationToken);
        await using var command = database.Source.CreateCommand("SELECT id, model, counted, settled, started_at FROM token_meter WHERE session_id = $1 ORDER BY id");
        command.Parameters.Value(session.Value);
        return await command.ListAsync(reader => new ChargedMeter(
            reader.GetString(1), TokenMeters.CountsFromRow(reader, 2), TokenMeters.CountsFromRow(reader, 3), reader.Instant(4)!.Value, [.. levels[reader.GetInt64(0)]]),
            cancellationToken);
    }

    /// <summary>Its responses, in the order they were recorded, after the row <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<ChargedResponse>> ResponsesAsync(
        TenantId viewer, SessionId session, long after, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT u.id, u.usage_id, u.source, m.model, u.counts, u.input_tokens, u.output_tokens, u.anomalies, u.told_at,
                   ARRAY(SELECT c.payer_id FROM token_charge c JOIN tenant t ON t.id = c.payer_id WHERE c.usage_id = u.id AND c.payer_id IN ({Visible}) ORDER BY t.path),
                   ARRAY(SELECT c.micros FROM token_charge c JOIN tenant t ON t.id = c.payer_id WHERE c.usage_id = u.id AND c.payer_id IN ({Visible}) ORDER BY t.path)
            FROM token_usage u JOIN token_meter m ON m.id = u.meter_id
            WHERE u.session_id = $1 AND u.id > $3 ORDER BY u.id LIMIT $4
            """);
        command.Parameters.Value(session.Value).Value(viewer.Value).Value(after).Value(limit);
        return await command.ListAsync(reader => new ChargedResponse(
            reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), TokenMeters.CountsFromRow(reader, 4), reader.Number(5), reader.Number(6),
            reader.GetFieldValue<string[]>(7), reader.Instant(8)!.Value, [.. reader.GetFieldValue<Guid[]>(9).Select(id => new TenantId(id))],
            reader.GetFieldValue<long[]>(10)), cancellationToken);
    }

    private async Task<ILookup<long, ChargedTokenLevel>> LevelsAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT m.id, p.tenant_id, v.id, v.micros_per_million, p.tenant_id = ANY (m.payers)
            FROM token_meter m
            JOIN token_price p ON p.meter_id = m.id
            JOIN token_price_version v ON v.id = p.token_price_version_id
            JOIN tenant t ON t.id = p.tenant_id
            WHERE m.session_id = $1 AND p.tenant_id IN ({Visible}) ORDER BY m.id, t.path
            """);
        command.Parameters.Value(session.Value).Value(viewer.Value);
        return (await command.ListAsync(reader => (Meter: reader.GetInt64(0), Level: new ChargedTokenLevel(
            new TenantId(reader.GetGuid(1)), reader.GetInt64(2), TokenMeters.PriceFromRow(reader, 3), reader.GetBoolean(4))), cancellationToken))
            .ToLookup(row => row.Meter, row => row.Level);
    }
}
