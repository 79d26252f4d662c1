using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Grains.Providers.Decart.Http;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Tests.Providers.Decart;

/// <summary>A provider of dialect C that answers as it is told and keeps what it was asked, to the byte; with our adapter before it.</summary>
internal sealed class HttpProvider : IAsyncDisposable
{
    public const string Key = "dct_the_platforms_own";

    private readonly WebApplication _app;
    private readonly DecartHttp _adapter;
    private readonly ConcurrentQueue<string> _asked = new();

    private HttpProvider(WebApplication app, RelayOptions options)
    {
        _app = app;
        _adapter = new DecartHttp(Options.Create(options), TimeProvider.System, NullLogger<DecartHttp>.Instance);
    }

    /// <summary>What it answers; by default that there is nothing.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = context =>
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>What it was asked, in order: method, path, tag and body.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>Whether every request had our key, but for those about events.</summary>
    public bool WasKeyThere { get; private set; } = true;

    public static async Task<HttpProvider> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var provider = new HttpProvider(builder.Build(), new RelayOptions());
        provider._app.Run(provider.ServeAsync);
        await provider._app.StartAsync();
        return provider;
    }

    /// <summary>Our adapter's end of a session, at which the relay would be.</summary>
    public FarEnd Open()
    {
        var endpoint = new UriBuilder(_app.Urls.Single()) { Scheme = "ws", Path = "/v1/realtime/sessions" }.Uri;
        var options = new ProviderOptions { Endpoint = endpoint, ApiKey = new Secret(Key), Version = "c", Models = ["*"] };
        var outcome = _adapter.Open(new UpstreamRequest(new ProviderEntry("far", options, new DecartDialect()), "lucy-2.5", [], ClientSurface.WebSocket));
        return new FarEnd(outcome.Socket!, "the adapter");
    }

    /// <summary>Answers with that body.</summary>
    public static Task WriteAsync(HttpContext context, int status, string body, string? tag = null, string type = "application/json")
    {
        context.Response.StatusCode = status;
        if (tag is not null)
            context.Response.Headers.ETag = tag;
        context.Response.ContentType = type;
        return status is StatusCodes.Status204NoContent ? Task.CompletedTask : context.Response.WriteAsync(body);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _adapter.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = context.Request;
        WasKeyThere &= request.Headers["x-api-key"] == Key != request.Path.Value!.EndsWith("/events", StringComparison.Ordinal);
        _asked.Enqueue($"{request.Method} {request.Path}{request.QueryString} {request.Headers.IfMatch} {Encoding.UTF8.GetString(body.ToArray())}".TrimEnd());
        await Answer(context);
    }
}
