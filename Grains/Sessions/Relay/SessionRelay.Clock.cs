using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// Step 7 for a provider that reports no seconds: our own clock counts, from its answer to the client's offer until it has left
/// or is hung up on.
/// </summary>
public sealed partial class SessionRelay
{
    private const int NormalClosure = 1000;

    private readonly OwnClock? _clock;

    private void StartClock()
    {
        if (_clock is not null && _clock.TryStart())
            Announce();
    }

    /// <summary>
    /// The provider has left. Where our clock counts it has no frame to say that it is done, so a close in good order says it: the run
    /// is over, and not cut short.
    /// </summary>
    private void StopClock(PumpEnd end)
    {
        if (_clock is not { IsRunning: true } clock)
            return;
        clock.Stop();
        if (!end.IsTooBig && !end.Close.IsAbnormal && end.Close.Forwarded.Code is NormalClosure && _meter.Open is { } generation)
        {
            _meter.Close(generation, Name(GenerationEnd.Disconnect));
            Post(new SessionEvent.GenerationEnded(generation.Run, generation.MarkMs, GenerationEnd.Disconnect));
        }
    }
}
