using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Tests.Support;

/// <summary>A collector that keeps what it is sent, over OTLP's HTTP form. Names and attributes are plain UTF-8 in those messages.</summary>
public sealed class OtlpListener : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Path, string Authorization, string Body)> _received = new();
    private readonly WebApplication _app;

    private OtlpListener(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Address => _app.Urls.Single();

    /// <summary>All bodies so far, one character for each byte that is ASCII.</summary>
    public string Text => string.Join('\n', _received.Select(received => received.Body));

    /// <summary>How many batches came so far.</summary>
    public int Batches => _received.Count;

    /// <summary>The paths that were posted to.</summary>
    public IEnumerable<string> Paths => _received.Select(received => received.Path).Distinct();

    /// <summary>What was sent as <c>Authorization</c>.</summary>
    public IEnumerable<string> Authorizations => _received.Select(received => received.Authorization).Distinct();

    /// <summary>Starts one on a free port of loopback.</summary>
    public static async Task<OtlpListener> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var listener = new OtlpListener(builder.Build());
        listener._app.Run(listener.KeepAsync);
        await listener._app.StartAsync();
        return listener;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task KeepAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _received.Enqueue((context.Request.Path, $"{context.Request.Headers.Authorization}", Encoding.Latin1.GetString(body.ToArray())));
        context.Response.ContentType = "application/x-protobuf";
    }
}
