using System.Diagnostics.CodeAnalysis;
using Npgsql;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>
/// Faults inside the database: before and after every statement that writes, and at the commit. Which one strikes is counted down
/// from a row, so a sample repeats; the kinds are a lost connection, a deadlock and a serialization failure. Beside them a
/// hand that ends connections at moments of its own, in the middle of a transaction that has written.
/// </summary>
internal static class Faults
{
    private static readonly string[] Tables =
        ["session", "generation", "generation_price", "usage_ledger", "hold", "wallet", "wallet_entry", "session_event", "process", "audit"];

    /// <summary>Prepares a schema for them, once.</summary>
    public static async Task PrepareAsync(TestDatabase database, int lanes)
    {
        await database.ExecuteAsync($"""
            CREATE TABLE test_fault (lane integer PRIMARY KEY, countdown integer NOT NULL DEFAULT 0, kind text NOT NULL DEFAULT '');
            INSERT INTO test_fault (lane) SELECT generate_series(0, {lanes - 1});
            GRANT SELECT, UPDATE ON test_fault TO {database.Database.Role};
            CREATE FUNCTION test_fault() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE struck text;
            BEGIN
              IF coalesce(current_setting('test.lane', true), '') <> '' THEN
                PERFORM pg_try_advisory_xact_lock_shared(hashtext(current_schema()), pg_backend_pid());
                UPDATE test_fault SET countdown = countdown - 1 WHERE lane = current_setting('test.lane')::integer AND countdown > 0
                  RETURNING CASE WHEN countdown = 0 THEN kind END INTO struck;
                IF struck = 'deadlock' THEN
                  RAISE EXCEPTION 'a deadlock, says the test' USING ERRCODE = 'deadlock_detected';
                ELSIF struck = 'serialization' THEN
                  RAISE EXCEPTION 'a serialization failure, says the test' USING ERRCODE = 'serialization_failure';
                ELSIF struck = 'terminate' THEN
                  PERFORM pg_terminate_backend(pg_backend_pid());
                  PERFORM pg_sleep(5);
                END IF;
              END IF;
              RETURN NULL;
            END $$;
            """);
        foreach (var table in Tables)
        {
            // A statement's trigger may answer nothing; what fires last of all does so at the commit.
            await database.ExecuteAsync($"""
                CREATE TRIGGER test_before BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION test_fault();
                CREATE TRIGGER test_after AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION test_fault();
                CREATE CONSTRAINT TRIGGER test_commit AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test_fault();
                """);
        }
    }

    /// <summary>The fault that strikes a lane's next transaction; 0 for none.</summary>
    public static Task SetAsync(TestDatabase database, int lane, string kind, int at) =>
        database.ExecuteAsync("UPDATE test_fault SET countdown = $2, kind = $3 WHERE lane = $1", lane, at, kind);

    /// <summary>How a lane connects, so that its faults find it.</summary>
    public static string Connect(TestDatabase database, int lane) =>
        new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = $"-c test.lane={lane}", MaxPoolSize = 3 }.ConnectionString;

    /// <summary>Whether a call with this failure is simply made again.</summary>
    public static bool IsPassing(Exception exception) => exception switch
    {
        PostgresException refused => refused.SqlState
            is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.QueryCanceled,
        NpgsqlException or IOException or TimeoutException => true,
        _ => false,
    };

    /// <summary>Ends connections of the lanes in the middle of their transactions, until told to stop.</summary>
    /// <returns>How many.</returns>
    [SuppressMessage("Reliability", "CA2016", Justification = "The last look is finished.")]
    public static async Task<long> StrikeAsync(TestDatabase database, CancellationToken done)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var struck = 0L;
        while (!done.IsCancellationRequested)
        {
            await using var command = source.CreateCommand("""
                SELECT count(*) FILTER (WHERE pg_terminate_backend(victim.pid)) FROM (
                  SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = (hashtext($1)::bigint & 4294967295)::oid AND random() < 0.5 LIMIT 1
                ) AS victim
                """);
            command.Parameters.Add(new NpgsqlParameter { Value = database.Schema });
            struck += (long)(await command.ExecuteScalarAsync())!;
            await timer.WaitForNextTickAsync();
        }

        return struck;
    }
}
