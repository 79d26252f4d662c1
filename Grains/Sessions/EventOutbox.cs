using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Sessions;

/// <summary>
/// What the sockets of a session did, on its way to the session's grain: in order, one call under way, the rest gathers
/// meanwhile. It costs nothing while nothing happens. A provider that reports and reports is cut short here; what matters to
/// money or to the session's end is never dropped.
/// </summary>
internal sealed partial class EventOutbox(ISessionGrain grain, TimeProvider time, Action abandon, Action dropped, ILogger logger)
{
    /// <summary>How many mere reports may wait for the grain.</summary>
    private const int MaxReports = 64;

    /// <summary>How often a call is repeated before the session is given up.</summary>
    private const int MaxAttempts = 5;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private List<SessionEvent>? _waiting;
    private bool _running;

    /// <summary>Takes an event; the grain hears it soon.</summary>
    public void Post(SessionEvent @event)
    {
        lock (_gate)
        {
            _waiting ??= [];
            if (IsReport(@event) && (_waiting.Count >= MaxReports || @event.Equals(_waiting.LastOrDefault())))
            {
                dropped();
                return;
            }

            _waiting.Add(@event);
            if (_running)
                return;
            _running = true;
        }

        _ = Background.RunAsync(SendAllAsync);
    }

    private static bool IsReport(SessionEvent @event) => @event is SessionEvent.Queued or SessionEvent.NodeReported or SessionEvent.ProviderComplained
        or SessionEvent.UpstreamNamed or SessionEvent.MediaOffered or SessionEvent.MediaAnswered;

    private async Task SendAllAsync()
    {
        while (TryTake(out var events))
        {
            if (!await TrySendAsync(events))
                return;
        }
    }

    private bool TryTake(out IReadOnlyList<SessionEvent> events)
    {
        lock (_gate)
        {
            events = _waiting ?? [];
            _waiting = null;
            return _running = events.Count > 0;
        }
    }

    private async Task<bool> TrySendAsync(IReadOnlyList<SessionEvent> events)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await grain.ObserveAsync(events, CancellationToken.None);
                return true;
            }
#pragma warning disable CA1031 // A grain may fail for any reason; the sockets must not be left without a master.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogObserveFailed(logger, exception, attempt);
                if (attempt == MaxAttempts)
                {
                    abandon();
                    return false;
                }
            }

            await Task.Delay(RetryDelay, time);
        }
    }

    [LoggerMessage(1131, LogLevel.Error, "A session's grain did not take its events, attempt {Attempt}")]
    private static partial void LogObserveFailed(ILogger logger, Exception exception, int attempt);
}
