using System.Globalization;
using System.Text;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>An observer on a stream of server-sent events. It reads and cannot command; an event's id is its sequence.</summary>
internal sealed class ObserverStream(HttpResponse response, ObserverOptions options, TimeProvider time) : IObserverSink
{
    /// <summary>Begins to answer.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        await response.Body.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> TellAsync(byte[] message, long? sequence, CancellationToken cancellationToken)
    {
        // The messages are JSON on one line.
        var id = sequence is { } number ? string.Create(CultureInfo.InvariantCulture, $"id: {number}\n") : "";
        return WriteAsync($"{id}data: {Encoding.UTF8.GetString(message)}\n\n", cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> KeepAliveAsync(CancellationToken cancellationToken) => WriteAsync(":\n\n", cancellationToken);

    /// <summary>Says why it ends, which a stream has no code for.</summary>
    public Task<bool> EndAsync(ObserverEnd end, CancellationToken cancellationToken) => TellAsync(ObserverMessages.Closed(end.Code, end.Reason), end.Last, cancellationToken);

    private async Task<bool> WriteAsync(string text, CancellationToken cancellationToken)
    {
        // Without the token, as long as it is in time: a write that is given up leaves half an event.
        var written = WriteAndFlushAsync(Encoding.UTF8.GetBytes(text));
        try
        {
            await written.WaitAsync(options.StallTimeout, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            await Task.WhenAny(written, Task.Delay(options.StallTimeout, time, cancellationToken));
            return false;
        }
    }

    private async Task WriteAndFlushAsync(byte[] bytes)
    {
        await response.Body.WriteAsync(bytes, CancellationToken.None);
        await response.Body.FlushAsync(CancellationToken.None);
    }
}
