using Orchestrator.Simulator.Oracles;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>
/// Watches what must hold at every instant of every scenario: a session has one owner per epoch, epochs only rise, and no
/// session has a second upstream. The database tells each change as it happens, the provider what it really accepted.
/// </summary>
internal static class Ownership
{
    /// <summary>Begins to watch a database that has its tables.</summary>
    public static Task WatchAsync(TestDatabase database) => database.ExecuteAsync($$"""
        CREATE TABLE watched (id bigint GENERATED ALWAYS AS IDENTITY, session_id uuid, model text, epoch integer, owner bigint, upstream text);
        CREATE FUNCTION watch_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {{database.Schema}} AS $$
        BEGIN
          INSERT INTO watched (session_id, model, epoch, owner, upstream) VALUES (NEW.id, NEW.model, NEW.epoch, NEW.owner, NEW.upstream_session_id);
          RETURN NULL;
        END $$;
        CREATE FUNCTION watch_generation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {{database.Schema}} AS $$
        BEGIN
          INSERT INTO watched (session_id, upstream) VALUES (NEW.session_id, NEW.upstream_session_id);
          RETURN NULL;
        END $$;
        CREATE TRIGGER watch AFTER INSERT OR UPDATE OF owner, epoch, upstream_session_id ON session FOR EACH ROW EXECUTE FUNCTION watch_session();
        CREATE TRIGGER watch AFTER INSERT OR UPDATE OF upstream_session_id ON generation FOR EACH ROW EXECUTE FUNCTION watch_generation();
        """);

    /// <summary>Fails with everything that was not as it must be.</summary>
    public static async Task AssertAsync(TestDatabase database, Truth truth)
    {
        var wrong = await database.ListAsync<string>("""
            SELECT format('session %s had the owners %s in epoch %s', session_id, string_agg(DISTINCT owner::text, ', '), epoch)
            FROM watched WHERE owner IS NOT NULL GROUP BY session_id, epoch HAVING count(DISTINCT owner) > 1
            UNION ALL
            SELECT format('session %s went from epoch %s back to %s', session_id, before, epoch)
            FROM (SELECT session_id, epoch, lag(epoch) OVER (PARTITION BY session_id ORDER BY id) AS before FROM watched WHERE epoch IS NOT NULL) e
            WHERE epoch < before
            UNION ALL
            SELECT format('session %s had the upstreams %s', session_id, string_agg(DISTINCT upstream, ', '))
            FROM watched GROUP BY session_id HAVING count(DISTINCT upstream) > 1
            UNION ALL
            SELECT format('upstream %s was that of the sessions %s', upstream, string_agg(DISTINCT session_id::text, ', '))
            FROM watched WHERE upstream LIKE 'sim-%' GROUP BY upstream HAVING count(DISTINCT session_id) > 1
            """);
        // An upstream that never said its name is told by its model: nobody dials twice for a session, and nobody without one.
        var sessions = (await database.ListAsync<string>("SELECT min(model) FROM watched WHERE model IS NOT NULL GROUP BY session_id")).CountBy(model => model).ToDictionary();
        var dialledTwice = truth.Sessions.CountBy(upstream => upstream.Model)
            .Where(accepted => accepted.Value > sessions.GetValueOrDefault(accepted.Key))
            .Select(accepted => $"the provider accepted {accepted.Value} connections for {accepted.Key}, of {sessions.GetValueOrDefault(accepted.Key)} sessions");
        string[] all = [.. wrong, .. dialledTwice];
        Assert.True(all.Length == 0, $"More than one owner or upstream:\n{string.Join('\n', all)}");
    }
}
