using Orchestrator.Grains.Processes;

namespace Orchestrator.Gateway.Health;

/// <summary>What would be cut if this process were gone now.</summary>
/// <param name="Sessions">Sessions whose relay is here, wherever their clients are connected.</param>
/// <param name="Clients">Clients that are connected here and relayed elsewhere.</param>
/// <param name="Draining">Whether the process was asked to stop, so that the numbers only fall.</param>
/// <param name="DrainsUntil">When those who are left are ended, once it drains.</param>
/// <param name="WithoutKnownEnd">How many of all have no limit of their own that ends them.</param>
/// <param name="LastKnownEnd">When the last of the others is over, at the latest.</param>
internal sealed record AttachedResponse(int Sessions, int Clients, bool Draining, DateTimeOffset? DrainsUntil, int WithoutKnownEnd, DateTimeOffset? LastKnownEnd);

/// <summary>Counts the sessions of this process, for operators.</summary>
internal sealed class AttachedSessions(Drain drain, TimeProvider time)
{
    public AttachedResponse Count()
    {
        var forecast = drain.Forecast(TimeSpan.MaxValue);
        return new AttachedResponse(
            drain.Sessions, drain.Clients, drain.IsDraining, drain.EndsAt, forecast.Open, forecast.Latest is { } latest ? time.GetUtcNow() + latest : null);
    }
}
