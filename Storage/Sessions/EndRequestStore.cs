using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Storage.Sessions;

/// <summary>What other processes want of sessions that this one owns.</summary>
public sealed class EndRequestStore(Database database) : IEndRequestStore
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<EndRequest>> FindEndRequestsAsync(long process, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand(
            "SELECT id, end_requested FROM session WHERE owner = $1 AND ended_at IS NULL AND end_requested IS NOT NULL");
        command.Parameters.Value(process);
        var requests = new List<EndRequest>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            requests.Add(new EndRequest(new SessionId(reader.GetGuid(0)), (CloseCode)reader.GetInt32(1)));
        return requests;
    }
}
