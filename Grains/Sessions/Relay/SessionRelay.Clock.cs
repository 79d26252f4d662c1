using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;

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

    /// <summary>
    /// The answer to an offer that came by HTTP: what it names goes on without us, should we be lost, so its name is durable before the client
    /// can use it. The first millisecond is what makes its row be written.
    /// </summary>
    private async ValueTask<bool> AnswerDurablyAsync(FrameSignal signal)
    {
        Observe(signal);
        if (_meter.Open is not { } generation)
            return true;
        _clock?.CountFirst();
        try
        {
            await _services.Marks.WhenDurableAsync(generation).WaitAsync(DurableTimeout, _services.Time);
        }
        catch (TimeoutException)
        {
            // A database that is away keeps nobody from a session that was let in.
            LogNameNotDurable(_services.Logger, Session);
        }

        return true;
    }

    [LoggerMessage(1144, LogLevel.Warning, "Session {Session} goes on although what its provider calls it is not in the books yet")]
    private static partial void LogNameNotDurable(ILogger logger, SessionId session);
}
