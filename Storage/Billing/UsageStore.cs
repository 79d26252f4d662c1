using Npgsql;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>What usage may be grouped by.</summary>
public enum UsageGroup
{
    /// <summary>The tenant that opened the session.</summary>
    Tenant,
    /// <summary>Its end user.</summary>
    EndUser,
    /// <summary>The model.</summary>
    Model,
    /// <summary>The day in UTC on which the seconds were recorded.</summary>
    Day,
    /// <summary>The session.</summary>
    Session,
}

/// <summary>Whose usage is asked for.</summary>
/// <param name="Viewer">Who asks: amounts are those of its level of the tree.</param>
/// <param name="Tenant">The viewer or one below it, whose usage and that of all below it counts.</param>
/// <param name="From">Recorded from here on.</param>
/// <param name="To">Recorded before here.</param>
public sealed record UsageScope(TenantId Viewer, TenantId Tenant, DateTimeOffset From, DateTimeOffset To);

/// <summary>Sums of usage at one level of the tree.</summary>
/// <param name="Milliseconds">What was generated.</param>
/// <param name="BilledSeconds">What the viewer is billed of it.</param>
/// <param name="ChargeMicros">What the viewer pays for it.</param>
/// <param name="IncomeMicros">What the tenant right below the viewer pays the viewer for it.</param>
/// <param name="Tokens">The tokens among what is charged.</param>
public readonly record struct UsageSums(long Milliseconds, long BilledSeconds, long ChargeMicros, long IncomeMicros, TokenSums Tokens = default);

/// <summary>Tokens that were used, whoever pays for them.</summary>
/// <param name="Input">What was read, the cached ones among it.</param>
/// <param name="Cached">As much of it as came out of a cache.</param>
/// <param name="Output">What was written and spoken.</param>
public readonly record struct TokenSums(long Input, long Cached, long Output);

/// <summary>One group.</summary>
/// <param name="Keys">Its values, in the order that was asked for; empty for none.</param>
/// <param name="Sums">Its sums.</param>
/// <param name="Total">The sums of all groups.</param>
public sealed record UsageRow(IReadOnlyList<string> Keys, UsageSums Sums, UsageSums Total);

/// <summary>
/// Usage from the ledger and from what responses used. Amounts are sums of <c>ledger_charge</c> and <c>token_charge</c>, whose rows are
/// differences of one cumulative function for each run, and for each model of a session: nothing is rounded here.
/// </summary>
public sealed class UsageStore(Database database)
{
    /// <summary>
    /// Groups in the order of their values, after a cursor if given. The tenant's rows are found by <c>usage_ledger_tenant_at</c>, once
    /// for what was measured and once for each of the two edges.
    /// </summary>
    public async Task<IReadOnlyList<UsageRow>> SumAsync(
        UsageScope scope, IReadOnlyList<UsageGroup> groups, IReadOnlyList<string>? after, int limit, CancellationToken cancellationToken = default)
    {
        var keys = string.Join(", ", groups.Select((_, i) => $"k{i}"));
        await using var command = database.Source.CreateCommand($"""
            WITH scope AS MATERIALIZED (SELECT id, path[array_position(path, $1) + 1] AS below FROM tenant WHERE path @> ARRAY[$1, $2]),
            part AS (
              SELECT generation_id, NULL::uuid AS session_id, NULL::text AS model, recorded_at, to_ms - from_ms AS ms, 0::bigint AS seconds, 0::bigint AS charge,
                     0::bigint AS income, 0::bigint AS input, 0::bigint AS cached, 0::bigint AS output
              FROM usage_ledger WHERE tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND recorded_at >= $3 AND recorded_at < $4
              UNION ALL
              SELECT generation_id, NULL, NULL, recorded_at, 0, seconds, micros, 0, 0, 0, 0
              FROM ledger_charge WHERE tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND recorded_at >= $3 AND recorded_at < $4 AND payer_id = $1
              UNION ALL
              SELECT c.generation_id, NULL, NULL, c.recorded_at, 0, 0, 0, c.micros, 0, 0, 0
              FROM ledger_charge c JOIN scope t ON t.id = c.tenant_id AND t.below = c.payer_id
              WHERE c.tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND c.recorded_at >= $3 AND c.recorded_at < $4
              UNION ALL
              SELECT NULL, u.session_id, m.model, u.recorded_at, 0, 0, 0, 0, {Sum(TokenKind.TextIn, TokenKind.CachedImageIn)},
                     {Sum(TokenKind.CachedTextIn, TokenKind.CachedImageIn)},
                     {Sum(TokenKind.TextOut, TokenKind.AudioOut)}
              FROM token_usage u JOIN token_meter m ON m.id = u.meter_id
              WHERE u.tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND u.recorded_at >= $3 AND u.recorded_at < $4
              UNION ALL
              SELECT NULL, session_id, model, recorded_at, 0, 0, micros, 0, 0, 0, 0
              FROM token_charge WHERE tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND recorded_at >= $3 AND recorded_at < $4 AND payer_id = $1
              UNION ALL
              SELECT NULL, c.session_id, c.model, c.recorded_at, 0, 0, 0, c.micros, 0, 0, 0
              FROM token_charge c JOIN scope t ON t.id = c.tenant_id AND t.below = c.payer_id
              WHERE c.tenant_id = ANY (ARRAY(SELECT id FROM scope)) AND c.recorded_at >= $3 AND c.recorded_at < $4
            ), summed AS (
              SELECT {string.Join("", groups.Select((group, i) => $"{ValueOf(group)} COLLATE \"C\" AS k{i}, "))}
                     coalesce(sum(p.ms), 0)::bigint AS ms, coalesce(sum(p.seconds), 0)::bigint AS seconds,
                     coalesce(sum(p.charge), 0)::bigint AS charge, coalesce(sum(p.income), 0)::bigint AS income,
                     coalesce(sum(p.input), 0)::bigint AS input, coalesce(sum(p.cached), 0)::bigint AS cached, coalesce(sum(p.output), 0)::bigint AS output
              FROM part p LEFT JOIN generation g ON g.id = p.generation_id JOIN session s ON s.id = coalesce(g.session_id, p.session_id)
              {(groups.Count == 0 ? "" : $"GROUP BY {keys}")}
            ), told AS (
              SELECT *, (sum(ms) OVER ())::bigint AS all_ms, (sum(seconds) OVER ())::bigint AS all_seconds,
                     (sum(charge) OVER ())::bigint AS all_charge, (sum(income) OVER ())::bigint AS all_income,
                     (sum(input) OVER ())::bigint AS all_input, (sum(cached) OVER ())::bigint AS all_cached, (sum(output) OVER ())::bigint AS all_output
              FROM summed
            )
            SELECT ARRAY[{keys}]::text[], ms, seconds, charge, income, input, cached, output,
                   all_ms, all_seconds, all_charge, all_income, all_input, all_cached, all_output
            FROM told {(groups.Count == 0 || after is null ? "" : $"WHERE ({keys}) > ({string.Join(", ", groups.Select((_, i) => $"($6::text[])[{i + 1}]"))})")}
            {(groups.Count == 0 ? "" : $"ORDER BY {keys}")} LIMIT $5
            """);
        command.Parameters.Value(scope.Viewer.Value).Value(scope.Tenant.Value).Value(scope.From.UtcDateTime).Value(scope.To.UtcDateTime).Value(limit);
        if (groups.Count > 0 && after is not null)
            command.Parameters.Value(after.ToArray());
        return await command.ListAsync(reader => new UsageRow(reader.GetFieldValue<string[]>(0), SumsOf(reader, 1), SumsOf(reader, 8)), cancellationToken);
    }

    private static string ValueOf(UsageGroup group) => group switch
    {
        UsageGroup.Tenant  => "replace(s.tenant_id::text, '-', '')",
        UsageGroup.EndUser => "coalesce(s.end_user, '')",
        UsageGroup.Model   => "coalesce(p.model, s.model)",
        UsageGroup.Day     => "to_char(p.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
        UsageGroup.Session => "replace(s.id::text, '-', '')",
        _                  => throw new ArgumentOutOfRangeException(nameof(group), group, "There is no such group."),
    };

    private static UsageSums SumsOf(NpgsqlDataReader reader, int column) =>
        new(reader.GetInt64(column), reader.GetInt64(column + 1), reader.GetInt64(column + 2), reader.GetInt64(column + 3),
            new TokenSums(reader.GetInt64(column + 4), reader.GetInt64(column + 5), reader.GetInt64(column + 6)));

    /// <summary>A row's counts of the kinds from one to another; arrays begin at 1.</summary>
    private static string Sum(TokenKind from, TokenKind to) =>
        string.Join(" + ", TokenKinds.All.Where(kind => kind >= from && kind <= to).Select(kind => $"coalesce(u.counts[{(int)kind + 1}], 0)"));
}
