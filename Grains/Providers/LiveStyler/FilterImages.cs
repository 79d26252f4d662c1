using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Dialling;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>A picture of a filter.</summary>
public sealed record FilterImage(byte[] Bytes, string MediaType);

/// <summary>
/// Fetches the pictures that the provider's list of filters names. Our key goes to the origin of the provider's REST API and nowhere else; every
/// other address is dialled as one that a stranger gave us.
/// </summary>
public sealed partial class FilterImages : IDisposable
{
    /// <summary>The largest picture that is passed on.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>How many may be under way.</summary>
    private const int MaxUnderWay = 32;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Pictures and nothing that a browser would run: SVG holds scripts.</summary>
    private static readonly string[] MediaTypes = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string, string), Task<FilterImage?>> _fetching = [];
    private readonly SemaphoreSlim _underWay = new(MaxUnderWay, MaxUnderWay);
    private readonly GuardedDialer _dialer;
    private readonly HttpMessageInvoker _strangers;
    private readonly HttpMessageInvoker _provider = new(new SocketsHttpHandler
    {
        ConnectTimeout = Timeout,
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false,
        // A trace of ours names our tenants; it is not the provider's to see.
        ActivityHeadersPropagator = null,
    });

    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Fetches nothing yet.</summary>
    public FilterImages(GuardedDialer dialer, TimeProvider time, ILogger<FilterImages> logger)
    {
        (_dialer, _time, _logger) = (dialer, time, logger);
        _strangers = dialer.CreateInvoker(Timeout);
    }

    /// <summary>
    /// The picture at an address of the provider's list; null when there is none that may be passed on. Whoever asks for one that is under way waits
    /// for the same: a link that is opened a thousand times takes one place of those that all share.
    /// </summary>
    public Task<FilterImage?> ReadAsync(ProviderEntry provider, Uri address, CancellationToken cancellationToken)
    {
        var key = (provider.Name, address.AbsoluteUri);
        Task<FilterImage?>? fetching;
        lock (_gate)
        {
            if (!_fetching.TryGetValue(key, out fetching))
                _fetching[key] = fetching = FetchAsync(key, provider, address);
        }

        return fetching.WaitAsync(cancellationToken);
    }

    private async Task<FilterImage?> FetchAsync((string, string) key, ProviderEntry provider, Uri address)
    {
        // Not under the lock of who adds it.
        await Task.Yield();
        try
        {
            return await TryFetchAsync(provider, address);
        }
        finally
        {
            lock (_gate)
                _fetching.Remove(key);
        }
    }

    private async Task<FilterImage?> TryFetchAsync(ProviderEntry provider, Uri address)
    {
        var isProviders = IsAtOrigin(provider, address);
        if (!isProviders && _dialer.Flaw(address.AbsoluteUri) is not null)
            return null;

        using var timeout = new CancellationTokenSource(Timeout, _time);
        try
        {
            await _underWay.WaitAsync(timeout.Token);
            try
            {
                return await FetchAsync(provider, address, isProviders, timeout.Token);
            }
            finally
            {
                _underWay.Release();
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The message of the exception may hold the address.
            LogFailed(provider.Name, 0, exception.GetType().Name);
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _provider.Dispose();
        _strangers.Dispose();
        _underWay.Dispose();
    }

    private async Task<FilterImage?> FetchAsync(ProviderEntry provider, Uri address, bool isProviders, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (isProviders)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(provider.Options.ApiKey.Reveal() + ":")));
        using var answer = await (isProviders ? _provider : _strangers).SendAsync(request, cancellationToken);
        var type = answer.Content.Headers.ContentType?.MediaType?.ToLowerInvariant();
        if (!answer.IsSuccessStatusCode || !MediaTypes.Contains(type))
        {
            LogFailed(provider.Name, (int)answer.StatusCode, MediaTypes.Contains(type) ? "refused" : "no picture");
            return null;
        }

        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var bytes = new MemoryStream();
        var piece = new byte[16 * 1024];
        for (int read; (read = await body.ReadAsync(piece, cancellationToken)) > 0;)
        {
            if (bytes.Length + read > MaxBytes)
            {
                LogFailed(provider.Name, (int)answer.StatusCode, "too large");
                return null;
            }

            await bytes.WriteAsync(piece.AsMemory(0, read), cancellationToken);
        }

        return new FilterImage(bytes.ToArray(), type!);
    }

    private static bool IsAtOrigin(ProviderEntry provider, Uri address) => provider.Options.RestEndpoint is { } origin
        && Uri.Compare(origin, address, UriComponents.SchemeAndServer | UriComponents.UserInfo, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    [LoggerMessage(1124, LogLevel.Warning, "Provider {Provider} gave no picture of a filter: HTTP {Status}, {Error}")]
    private partial void LogFailed(string provider, int status, string error);
}
