using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>The provider's list of filters, which its SDKs ask for by themselves. It is asked with our key, and answered as it came.</summary>
public sealed partial class FilterCategories : IDisposable
{
    /// <summary>Where the list is, at the provider's REST origin as at ours.</summary>
    public const string Path = "filter-category/active";

    /// <summary>The largest list that is passed on.</summary>
    public const int MaxBytes = 2 * 1024 * 1024;

    /// <summary>How many may be under way: what the provider is asked is no client's to decide.</summary>
    private const int MaxUnderWay = 32;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _underWay = new(MaxUnderWay, MaxUnderWay);
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _http;

    /// <summary>Asks nobody yet.</summary>
    public FilterCategories(TimeProvider time, ILogger<FilterCategories> logger)
    {
        (_time, _logger) = (time, logger);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = Timeout,
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            // A trace of ours names our tenants; it is not the provider's to see.
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxBytes,
        };
    }

    /// <summary>The list as the provider has it, or why there is none.</summary>
    public async Task<FilterList> ReadAsync(ProviderEntry provider, CancellationToken cancellationToken)
    {
        if (provider.Options.RestEndpoint is not { } origin)
            return new FilterList(null, CloseCode.ModelNotAllowed);

        using var timeout = new CancellationTokenSource(Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await _underWay.WaitAsync(either.Token);
            try
            {
                return await AskAsync(provider, origin, either.Token);
            }
            finally
            {
                _underWay.Release();
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // The message of the exception may hold the address.
            LogFailed(provider.Name, 0, exception.GetType().Name);
            return new FilterList(null, CloseCode.UpstreamUnavailable);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _underWay.Dispose();
    }

    private async Task<FilterList> AskAsync(ProviderEntry provider, Uri origin, CancellationToken cancellationToken)
    {
        var key = provider.Options.ApiKey;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(origin.AbsoluteUri.TrimEnd('/') + "/"), Path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(key.Reveal() + ":")));
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.OK || answer.Content.Headers.ContentType?.MediaType is not "application/json")
        {
            LogFailed(provider.Name, (int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType ?? "no media type");
            // That it does not take our key is nothing that the client could mend with its own.
            return new FilterList(null, answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
                ? CloseCode.UpstreamFull
                : CloseCode.UpstreamUnavailable);
        }

        await answer.Content.LoadIntoBufferAsync(MaxBytes, cancellationToken);
        var json = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return new FilterList(key.IsIn(json) ? Encoding.UTF8.GetBytes(key.Redact(Encoding.UTF8.GetString(json))) : json, default);
    }

    [LoggerMessage(1123, LogLevel.Warning, "Provider {Provider} gave no list of filters: HTTP {Status}, {Error}")]
    private partial void LogFailed(string provider, int status, string error);
}

/// <summary>A list of filters in JSON, or why there is none.</summary>
public readonly record struct FilterList(byte[]? Json, CloseCode Refused);
