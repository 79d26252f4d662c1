using Npgsql;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Benchmarks.Flush;

/// <summary>Live sessions of one process, each with an open run: rows as the claim and the journal leave them, and the runs in memory.</summary>
internal static class LiveGenerations
{
    /// <summary>Makes them; the owner's connection is where they are written.</summary>
    public static async Task<(long Process, IReadOnlyList<LiveGeneration> Runs)> CreateAsync(NpgsqlConnection owner, int count)
    {
        var now = TimeProvider.System.GetUtcNow();
        var (process, tenant, key) = await PrepareAsync(owner, now);
        var sessions = Enumerable.Range(0, count).Select(_ => SessionId.New(now)).ToList();

        await using (var rows = await owner.BeginBinaryImportAsync(
            "COPY session (id, tenant_id, path, api_key_id, provider, model, dialect, owner, phase, created_at) FROM STDIN (FORMAT binary)"))
        {
            foreach (var session in sessions)
                await rows.WriteRowAsync(
                    CancellationToken.None,
                    session.Value, tenant, new[] { tenant }, key, "simulator", "sim-demo", "decart-a", process, "generating", now.UtcDateTime);
            await rows.CompleteAsync();
        }

        await using (var rows = await owner.BeginBinaryImportAsync(
            "COPY generation (session_id, run, upstream_session_id, epoch, started_at) FROM STDIN (FORMAT binary)"))
        {
            foreach (var session in sessions)
                await rows.WriteRowAsync(CancellationToken.None, session.Value, 1, UpstreamOf(session), 1, now.UtcDateTime);
            await rows.CompleteAsync();
        }

        await ExecuteAsync(owner, "ANALYZE session, generation");
        return (process, await ReadAsync(owner, now));
    }

    private static async Task<(long Process, Guid Tenant, Guid Key)> PrepareAsync(NpgsqlConnection owner, DateTimeOffset now)
    {
        var (tenant, key) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        await ExecuteAsync(owner, "INSERT INTO tenant (id, name, currency) VALUES ($1, 'bench', 'USD')", tenant);
        await ExecuteAsync(owner, "INSERT INTO api_key (id, tenant_id, name, sha256) VALUES ($1, $2, 'bench', sha256('bench'))", key, tenant);
        await using var command = new NpgsqlCommand("INSERT INTO process (name, lease_until) VALUES ('bench', clock_timestamp() + interval '6 s') RETURNING id", owner);
        return ((long)(await command.ExecuteScalarAsync())!, tenant, key);
    }

    private static async Task<IReadOnlyList<LiveGeneration>> ReadAsync(NpgsqlConnection owner, DateTimeOffset startedAt)
    {
        var runs = new List<LiveGeneration>();
        await using var command = new NpgsqlCommand("SELECT id, session_id, upstream_session_id FROM generation ORDER BY id", owner);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var run = new LiveGeneration(new SessionOwnership(new SessionId(reader.GetGuid(1))), run: 1, reader.GetString(2), startedAt);
            run.Opened(reader.GetInt64(0));
            runs.Add(run);
        }

        return runs;
    }

    private static string UpstreamOf(SessionId session) => session.ToString();

    private static async Task ExecuteAsync(NpgsqlConnection owner, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, owner);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
