using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.Decart.Http;

/// <summary>
/// Opens sessions with providers that speak dialect C. There is no socket to dial: what is opened is a pipe, at whose other end
/// the frames of dialect A become requests, from the offer on.
/// </summary>
public sealed class DecartHttp : IDisposable
{
    private readonly HttpClient _http;
    private readonly RelayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<DecartHttp> _logger;

    /// <summary>One connection pool for all providers.</summary>
    public DecartHttp(IOptions<RelayOptions> options, TimeProvider time, ILogger<DecartHttp> logger)
    {
        (_options, _time, _logger) = (options.Value, time, logger);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = _options.DialTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            // A trace of ours names our tenants; it is not the provider's to see.
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Our end of the pipe.</summary>
    public DialOutcome Open(UpstreamRequest request)
    {
        var (ours, theirs) = FramePipe.Create();
        var session = new DecartHttpSession(theirs, request, new DecartRequests(_http, request.Provider.Options, _options, _time), _options, _time, _logger);
        _ = Background.RunAsync(session.RunAsync);
        return new DialOutcome(ours, default, Detail: null);
    }

    /// <summary>Asks a provider for something that needs no body, with our key.</summary>
    internal Task<DecartAnswer> PostAsync(ProviderEntry provider, Uri address, CancellationToken cancellationToken) =>
        new DecartRequests(_http, provider.Options, _options, _time).SendAsync(HttpMethod.Post, address, body: null, tag: null, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}

/// <summary>What a provider answered.</summary>
/// <param name="Status">The status; null when there was no answer in time.</param>
/// <param name="Body">The body, as far as it was read.</param>
/// <param name="Tag">The entity tag.</param>
/// <param name="Location">Where the session is.</param>
internal sealed record DecartAnswer(HttpStatusCode? Status, byte[] Body, string? Tag, Uri? Location)
{
    /// <summary>Whether it did what it was asked.</summary>
    public bool IsGood => Status is >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous;

    /// <summary>Its words for a failure.</summary>
    public string Words => FrameReader.ReadText(Body, "detail"u8) ?? FrameReader.ReadText(Body, "title"u8) ?? "The model did not take the request.";
}

/// <summary>Requests of dialect C, each with our key and a limit of time and size. None throws but when it is given up.</summary>
internal sealed class DecartRequests(HttpClient http, ProviderOptions provider, RelayOptions options, TimeProvider time)
{
    /// <summary>What of an answer is read.</summary>
    private const int MaxBody = 256 * 1024;

    /// <summary>How long the provider may look at a prompt or an image.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Where sessions are opened: its address is that of a socket in the configuration, like those of all providers.</summary>
    public Uri Sessions { get; } = new UriBuilder(provider.Endpoint!)
    {
        Scheme = provider.Endpoint!.Scheme is "wss" or "https" ? "https" : "http",
        Port = provider.Endpoint!.Port,
    }.Uri;

    /// <summary>Sends a request and reads its answer.</summary>
    public async Task<DecartAnswer> SendAsync(HttpMethod method, Uri address, byte[]? body, string? tag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("x-api-key", provider.ApiKey.Reveal());
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        using var timeout = new CancellationTokenSource(method == HttpMethod.Post ? LookTimeout : options.DialTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new DecartAnswer(
                response.StatusCode, await ReadAsync(response.Content, either.Token), response.Headers.ETag?.ToString(), Resolve(address, response.Headers.Location));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new DecartAnswer(null, [], null, null);
        }
    }

    /// <summary>Opens the stream of a session's events; null with the status where there is none. Our key stays here: their token opens them.</summary>
    public async Task<(HttpResponseMessage? Stream, HttpStatusCode? Status)> EventsAsync(Uri address, string? last, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (last is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode is HttpStatusCode.OK)
                return (response, HttpStatusCode.OK);
            response.Dispose();
            return (null, response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (null, null);
        }
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[MaxBody];
        var length = await body.ReadAtLeastAsync(bytes, MaxBody, throwOnEndOfStream: false, cancellationToken);
        return bytes[..length];
    }

    /// <summary>Where the provider says its session is; another server than its own gets no key of ours.</summary>
    private static Uri? Resolve(Uri address, Uri? location) =>
        location is not null && new Uri(address, location) is var whole && whole.Authority == address.Authority && whole.Scheme == address.Scheme ? whole : null;
}
