using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>Where what an observer is told goes.</summary>
internal interface IObserverSink
{
    /// <summary>Tells one thing; false when the observer takes too long over it.</summary>
    Task<bool> TellAsync(byte[] message, long? sequence, CancellationToken cancellationToken);

    /// <summary>Says something that needs no answer, after a while in which there was nothing to tell.</summary>
    Task<bool> KeepAliveAsync(CancellationToken cancellationToken);
}

/// <summary>How watching ended, and with which number as the last that was told.</summary>
internal readonly record struct ObserverEnd(int Code, string Reason, long Last);

/// <summary>Reads a session and tells an observer, in its own time: whatever it misses meanwhile is announced as a gap.</summary>
internal sealed class ObserverLoop(ObserverFeed feed, IObserverSink sink, TimeProvider time)
{
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);

    /// <summary>How often the row of a session that nobody relays is looked at.</summary>
    private static readonly TimeSpan RowInterval = TimeSpan.FromSeconds(1);

    private long _toldAt;
    private long _lookedAt;

    /// <summary>Goes on until the session is over, or the observer is gone, too slow, or not let watch any more.</summary>
    /// <param name="cursor">Where to begin.</param>
    /// <param name="page">What was read there.</param>
    /// <param name="cancellationToken">Ends it: the observer has left.</param>
    public async Task<ObserverEnd> RunAsync(ObserverCursor cursor, ObservedPage page, CancellationToken cancellationToken)
    {
        _toldAt = time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (feed.WhyGone is { } gone)
                return End(WireClose.For(gone), cursor);
            if (page.Found)
            {
                foreach (var observed in cursor.Take(page))
                {
                    if (!await TellAsync(observed, cancellationToken))
                        return TooSlow(cursor);
                }

                if (page.IsOver)
                    return End(new WireClose(1000, CloseCode.ClientClosed.Entry().Reason), cursor);
            }
            else if (await LostAsync(cursor.Next, cancellationToken) is { } isTold)
            {
                return isTold ? End(new WireClose(1000, CloseCode.ClientClosed.Entry().Reason), cursor) : TooSlow(cursor);
            }

            if (page.Frames.Count == 0)
            {
                if (!await KeepAliveAsync(cancellationToken))
                    return TooSlow(cursor);
                await feed.WaitAsync(cursor.Next, cancellationToken);
            }

            page = await feed.ReadAsync(cursor.Next, cancellationToken);
        }
    }

    private Task<bool> TellAsync(Observed observed, CancellationToken cancellationToken)
    {
        _toldAt = time.GetTimestamp();
        return observed.Frame is { } frame
            ? sink.TellAsync(ObserverMessages.Frame(frame), frame.Sequence, cancellationToken)
            : sink.TellAsync(ObserverMessages.Gap(observed.From, observed.To), sequence: null, cancellationToken);
    }

    /// <summary>Nobody relays the session: it has ended, or its process is lost and another one ends it within seconds.</summary>
    /// <returns>Null while it has not ended; else whether the observer took the news.</returns>
    private async Task<bool?> LostAsync(long next, CancellationToken cancellationToken)
    {
        if (_lookedAt != 0 && time.GetElapsedTime(_lookedAt) < RowInterval)
            return null;
        _lookedAt = time.GetTimestamp();
        if (await feed.EndAsync(cancellationToken) is not { } ended)
            return null;
        return await sink.TellAsync(ObserverMessages.Gap(next, to: null), sequence: null, cancellationToken)
            && await sink.TellAsync(ended, sequence: null, cancellationToken);
    }

    private Task<bool> KeepAliveAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_toldAt) < KeepAliveInterval)
            return Task.FromResult(true);
        _toldAt = time.GetTimestamp();
        return sink.KeepAliveAsync(cancellationToken);
    }

    private static ObserverEnd TooSlow(ObserverCursor cursor)
    {
        var close = WireClose.For(CloseCode.SlowClient);
        return new ObserverEnd(close.Code, $"{close.Reason}; last sequence {cursor.Next - 1}", cursor.Next - 1);
    }

    private static ObserverEnd End(WireClose close, ObserverCursor cursor) => new(close.Code, close.Reason ?? "", cursor.Next - 1);
}
