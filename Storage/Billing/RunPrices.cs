using System.Collections.Concurrent;
using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Who is charged for a run, and at which price: locked in the statement that opens the run and never changed, so it is read once
/// and kept, and a run that is settled again and again costs nothing for it.
/// </summary>
internal sealed class RunPrices(PriceCache prices)
{
    /// <summary>More runs than a process has live at once. Beyond it all is forgotten, and read anew.</summary>
    private const int MostRuns = 100_000;

    private readonly ConcurrentDictionary<long, IReadOnlyList<KeyValuePair<TenantId, Price?>>> _payers = new();

    /// <summary>The payers of runs, in the order of their ids; reads those that are not known yet.</summary>
    public async Task<IReadOnlyDictionary<long, IReadOnlyList<KeyValuePair<TenantId, Price?>>>> LoadAsync(
        NpgsqlConnection connection, IEnumerable<long> runs, CancellationToken cancellationToken)
    {
        if (_payers.Count > MostRuns)
            _payers.Clear();

        var known = new Dictionary<long, IReadOnlyList<KeyValuePair<TenantId, Price?>>>();
        var missing = new List<long>();
        foreach (var run in runs)
        {
            if (_payers.TryGetValue(run, out var payers))
                known[run] = payers;
            else
                missing.Add(run);
        }

        if (missing.Count == 0)
            return known;
        var read = await ReadAsync(connection, missing, cancellationToken);
        await prices.LoadAsync(connection, read.SelectMany(run => run.Versions), cancellationToken);
        foreach (var (run, payers, versions) in read)
            known[run] = _payers[run] = [.. payers.Select((payer, i) => KeyValuePair.Create(new TenantId(payer), prices.Find(versions[i])))];
        return known;
    }

    /// <summary>The prices of a run stand in the order of those who pay them.</summary>
    private static async Task<IReadOnlyList<(long Run, Guid[] Payers, long?[] Versions)>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<long> runs, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT g.id, g.payers,
                   ARRAY(SELECT p.price_version_id FROM unnest(g.payers) WITH ORDINALITY AS u (id, place)
                         LEFT JOIN generation_price p ON p.generation_id = g.id AND p.tenant_id = u.id ORDER BY u.place)
            FROM generation g WHERE g.id = ANY($1)
            """, connection);
        command.Parameters.Column(runs, run => run);
        return await command.ListAsync(reader => (reader.GetInt64(0), reader.GetFieldValue<Guid[]>(1), reader.GetFieldValue<long?[]>(2)), cancellationToken);
    }
}
