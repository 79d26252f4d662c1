using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Grains.Sessions.Journal;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// What responses used, as the journal writes it: once for each response of a session, unique by both, whoever tells it and however
/// often. The journal has locked the sessions' rows, so that the sums of a meter go up one after the other.
/// </summary>
internal static class TokenUsageRows
{
    public static void Add(NpgsqlBatch batch, IReadOnlyList<TokensUsed> used)
    {
        batch.BatchCommands.Add(OpenMeters(used));
        batch.BatchCommands.Add(Append(used));
    }

    /// <summary>The first usage of a model in a session locks what it costs: the price that every level of the tree has for it now.</summary>
    private static NpgsqlBatchCommand OpenMeters(IReadOnlyList<TokensUsed> used)
    {
        var command = new NpgsqlBatchCommand("""
            WITH opened AS (
              INSERT INTO token_meter (session_id, tenant_id, model, payers, cost_version_id)
              SELECT s.id, s.tenant_id, w.model, ARRAY(SELECT w.tenant_id FROM wallet w WHERE w.tenant_id = ANY(s.path) ORDER BY w.tenant_id),
                     (SELECT c.id FROM token_cost_version c JOIN tenant t ON t.id = s.tenant_id AND t.currency = c.currency
                      WHERE c.provider = s.provider AND (c.model = w.model OR c.model IS NULL)
                        AND c.valid_from <= clock_timestamp() AND (c.valid_until IS NULL OR clock_timestamp() < c.valid_until)
                      ORDER BY c.model NULLS LAST LIMIT 1)
              FROM (SELECT DISTINCT s.id, coalesce(u.model, s.model) AS model FROM unnest($1::uuid[], $2::text[]) AS u (session_id, model) JOIN session s ON s.id = u.session_id) w
              JOIN session s ON s.id = w.id
              WHERE NOT EXISTS (SELECT FROM token_meter m WHERE m.session_id = w.id AND m.model = w.model)
              ORDER BY s.id, w.model
              ON CONFLICT (session_id, model) DO NOTHING
              RETURNING id, session_id, model
            )
            INSERT INTO token_price (meter_id, tenant_id, token_price_version_id)
            SELECT o.id, level.tenant_id, price.id
            FROM opened o
            JOIN session s ON s.id = o.session_id
            CROSS JOIN LATERAL unnest(s.path) AS level (tenant_id)
            CROSS JOIN LATERAL token_price_at(level.tenant_id, o.model, clock_timestamp()) AS price (id)
            WHERE price.id IS NOT NULL
            """);
        command.Parameters.Column(used, one => one.Ownership.Session.Value).Column(used, NpgsqlDbType.Text, one => one.Model);
        return command;
    }

    private static NpgsqlBatchCommand Append(IReadOnlyList<TokensUsed> used)
    {
        // Counts of all rows lie one behind the other; each row takes its own out of them.
        var command = new NpgsqlBatchCommand("""
            WITH told AS MATERIALIZED (
              SELECT DISTINCT ON (m.session_id, u.usage_id) u.place, m.id AS meter_id, m.session_id, m.tenant_id, u.usage_id, u.source, u.told_at, u.input, u.output, u.anomalies,
                     ($9::bigint[])[$10 * (u.place::integer - 1) + 1 : $10 * u.place::integer] AS counts
              FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::text[])
                WITH ORDINALITY AS u (session_id, model, usage_id, source, told_at, input, output, anomalies, place)
              JOIN session s ON s.id = u.session_id
              JOIN token_meter m ON m.session_id = s.id AND m.model = coalesce(u.model, s.model)
              WHERE NOT EXISTS (SELECT FROM token_usage t WHERE t.session_id = u.session_id AND t.usage_id = u.usage_id)
              ORDER BY m.session_id, u.usage_id, u.place
            ), meter AS MATERIALIZED (
              SELECT id, counted FROM token_meter WHERE id IN (SELECT meter_id FROM told) ORDER BY id FOR NO KEY UPDATE
            ), part AS (
              SELECT t.place, t.meter_id, kind, coalesce(t.counts[kind], 0) AS count,
                     coalesce(m.counted[kind], 0) + sum(coalesce(t.counts[kind], 0)) OVER (PARTITION BY t.meter_id, kind ORDER BY t.place) AS after
              FROM told t JOIN meter m ON m.id = t.meter_id CROSS JOIN generate_series(1, $10) AS kind
            ), summed AS MATERIALIZED (
              SELECT place, meter_id, array_agg((after - count)::bigint ORDER BY kind) AS before, array_agg(after::bigint ORDER BY kind) AS after
              FROM part GROUP BY place, meter_id
            ), appended AS (
              INSERT INTO token_usage (meter_id, session_id, tenant_id, usage_id, source, counts, before, input_tokens, output_tokens, anomalies, told_at)
              SELECT t.meter_id, t.session_id, t.tenant_id, t.usage_id, t.source, t.counts, s.before, t.input, t.output,
                     coalesce(string_to_array(nullif(t.anomalies, ''), ','), '{}'), t.told_at
              FROM told t JOIN summed s ON s.place = t.place ORDER BY t.place
            )
            UPDATE token_meter m SET counted = l.after
            FROM (SELECT DISTINCT ON (meter_id) meter_id, after FROM summed ORDER BY meter_id, place DESC) l
            WHERE m.id = l.meter_id
            """);
        command.Parameters
            .Column(used, one => one.Ownership.Session.Value).Column(used, NpgsqlDbType.Text, one => one.Model)
            .Column(used, one => one.Usage.Id).Column(used, one => StorageNames.Of(one.Usage.Source)).Column(used, one => one.At.UtcDateTime)
            .Column(used, NpgsqlDbType.Bigint, one => one.Usage.Input).Column(used, NpgsqlDbType.Bigint, one => one.Usage.Output)
            .Column(used, one => string.Join(',', one.Usage.Anomalies.Select(anomaly => StorageNames.Of(anomaly))))
            .Column([.. used.SelectMany(one => one.Usage.Counts.ByKind)], NpgsqlDbType.Bigint, count => count)
            .Value(TokenKinds.Count);
        return command;
    }
}
