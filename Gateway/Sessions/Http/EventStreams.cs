using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// The events of sessions as server-sent events: numbered as what was said on the session is, so that a reader that was cut off
/// reads on where it was, in whatever process; what is not kept any more is announced as a gap. A slow reader waits for itself.
/// </summary>
internal sealed class EventStreams(SessionFrames frames, SignalSender sender, IGrains grains, IOptions<HttpSessionsOptions> options)
{
    private readonly ConcurrentDictionary<SessionId, int> _open = new();

    /// <summary>Streams until the session is over or the reader has left.</summary>
    public async Task<IResult> StreamAsync(HttpContext context, SessionCall call, SignalForm form)
    {
        if (sender.DialectOf(call) is not { } dialect)
            return SignalProblems.NoWord("events");
        if (From(context.Request) is not { } from)
            return Problems.Invalid(new Dictionary<string, string> { ["from"] = "must be the number of an event, from 1" });
        if (!TryOpen(call.Session))
            return SignalProblems.TooManyStreams(context);
        try
        {
            await StreamAsync(context, call, dialect, form, from);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader has left.
        }
        finally
        {
            Close(call.Session);
        }

        return Results.Empty;
    }

    private async Task StreamAsync(HttpContext context, SessionCall call, IDialect dialect, SignalForm form, long from)
    {
        var (response, cancellationToken) = (context.Response, context.RequestAborted);
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // A proxy that gathers what it passes on would keep events until there are enough of them.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.WriteAsync("retry: 1000\n\n", cancellationToken);
        await response.Body.FlushAsync(cancellationToken);

        var grain = grains.Get<ISessionGrain>(call.Session.ToString());
        while (true)
        {
            var page = await frames.ReadAsync(call.Session, from, options.Value.KeepAliveInterval, cancellationToken);
            var written = Text(page, from, dialect, form);
            // Where nobody knows of it any more, its process was lost before anybody could read the end.
            if (page is { IsOver: true, Found: false })
                written += Text(SessionNews.Lost, from);

            await response.WriteAsync(written.Length > 0 ? written : ": alive\n\n", cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
            if (page.IsOver)
                return;
            from = page.Next;
            if (call.IsClient)
                await grain.LookAsync(isClient: true, cancellationToken);
        }
    }

    private static string Text(ObservedPage page, long from, IDialect dialect, SignalForm form)
    {
        var text = new StringBuilder();
        foreach (var frame in page.Frames)
        {
            if (frame.Sequence > from)
                text.Append(Text(SessionNews.Gap(from, frame.Sequence - 1), frame.Sequence - 1));
            from = frame.Sequence + 1;
            if (SessionNews.Of(frame, dialect, form) is { } item)
                text.Append(Text(item, frame.Sequence));
        }

        return text.ToString();
    }

    private static string Text(NewsItem item, long sequence) =>
        // A provider's JSON may be written over several lines; a line break in it means nothing, and would end the data here.
        $"id: {sequence.ToString(CultureInfo.InvariantCulture)}\nevent: {item.Name}\ndata: {item.Data.ReplaceLineEndings(" ")}\n\n";

    /// <summary>The first number wanted: after the last that the reader has seen, or what it asks for, or all that is kept.</summary>
    private static long? From(HttpRequest request)
    {
        if (request.Headers["Last-Event-ID"] is [{ Length: > 0 } last, ..])
            return long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var seen) && seen < long.MaxValue ? seen + 1 : null;
        if (request.Query["from"] is [{ } from, ..])
            return long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var first) && first > 0 ? first : null;
        return 1;
    }

    private bool TryOpen(SessionId session)
    {
        if (_open.AddOrUpdate(session, 1, (_, open) => open + 1) <= options.Value.MaxStreams)
            return true;
        Close(session);
        return false;
    }

    private void Close(SessionId session)
    {
        if (_open.AddOrUpdate(session, 0, (_, open) => open - 1) <= 0)
            _open.TryRemove(KeyValuePair.Create(session, 0));
    }
}
