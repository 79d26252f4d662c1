using Npgsql;

namespace Orchestrator.Benchmarks.Support;

/// <summary>The database server as processes of this machine.</summary>
internal static class Postmaster
{
    /// <summary>The server's first process; 0 when it does not run on this machine.</summary>
    public static async Task<int> FindAsync()
    {
        await using var connection = new NpgsqlConnection(BenchSchema.Required("ConnectionStrings__Orchestrator"));
        await connection.OpenAsync();
        return ProcessTimes.Of(connection.ProcessID)?.Parent ?? 0;
    }

    /// <summary>Processor time of the whole server since it was started, in seconds: sessions that ended, the log's writer and all.</summary>
    public static double Seconds(int postmaster) => ProcessTimes.All()
        .Where(process => process.Id == postmaster || process.Parent == postmaster)
        .Sum(process => process.Own + process.Ended);
}
