namespace Orchestrator.Simulator.Demo;

/// <summary>Watches a session as a tenant's server may, for the one number that a gateway which counts by its own clock tells: the final mark.</summary>
internal sealed class MarkWatch(JsonApi gateway)
{
    /// <summary>Listens from the session's first frame to its end; answers the final mark in milliseconds.</summary>
    public async Task<long> FollowAsync(string session, CancellationToken cancellationToken)
    {
        await foreach (var told in gateway.ListenAsync($"v1/sessions/{session}/observe?from=1", cancellationToken))
        {
            if (told.TryGetProperty("frame", out var frame) && told.GetProperty("from").GetString() == "lifecycle" && frame.GetProperty("type").GetString() == "session.ended")
                return (long)(frame.GetProperty("seconds").GetDecimal() * 1000);
            if (told.GetProperty("type").GetString() == "closed")
                break;
        }

        throw new DemoException($"Observers of session {session} were never told of its end.");
    }
}
