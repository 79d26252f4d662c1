using System.Collections.Frozen;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>What the provider answered to a request.</summary>
/// <param name="Status">Its status; default when it did not answer, or said too much.</param>
/// <param name="Body">Its words, at most <see cref="OpenAIApi.MaxAnswer"/> bytes.</param>
/// <param name="Call">The call it names in <c>Location</c>, if any.</param>
public readonly record struct OpenAIAnswer(HttpStatusCode Status, string Body, string? Call = null)
{
    private const int MaxName = 200;

    /// <summary>Whether it took the request.</summary>
    public bool IsTaken => (int)Status is >= 200 and < 300;

    /// <summary>Whether this looks like the name of a call.</summary>
    internal static bool IsName(string? name) =>
        name is { Length: > 0 and <= MaxName } && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-');
}

/// <summary>
/// The provider's REST calls, with our own key. Every one is bounded in time and in bytes; what fails is an answer without a
/// status; only who gives it up gets an exception.
/// </summary>
public sealed partial class OpenAIApi : IDisposable
{
    /// <summary>The largest answer that is read, in bytes.</summary>
    public const int MaxAnswer = 128 * 1024;

    private readonly FrozenDictionary<string, ICallProtocol> _protocols;
    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Takes the bounds of a dial, which such a request is.</summary>
    public OpenAIApi(IEnumerable<ICallProtocol> protocols, IOptions<RelayOptions> options, TimeProvider time, ILogger<OpenAIApi> logger)
    {
        _protocols = protocols.ToFrozenDictionary(protocol => protocol.Dialect);
        (_timeout, _time, _logger) = (options.Value.DialTimeout, time, logger);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = _timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            // A trace of ours names our tenants; it is not the provider's to see.
            ActivityHeadersPropagator = null,
        };
        _http = new HttpClient(handler) { MaxResponseContentBufferSize = MaxAnswer, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Makes a call: the answer's body is its SDP, and it names the call.</summary>
    /// <param name="provider">Which provider.</param>
    /// <param name="offer">What the client wants.</param>
    /// <param name="model">The model that was let in.</param>
    /// <param name="cancellationToken">Gives it up; a call that was made meanwhile is not known then.</param>
    public async Task<OpenAIAnswer> CreateCallAsync(ProviderEntry provider, OpenAIOffer offer, string model, CancellationToken cancellationToken)
    {
        var protocol = ProtocolOf(provider);
        using var body = protocol.Write(offer, model);
        var answer = await AskAsync(provider, protocol.Calls(provider), "a call", body, cancellationToken);
        return answer.IsTaken ? protocol.Read(answer) : answer;
    }

    /// <summary>Tells a call something: <c>hangup</c>, <c>accept</c>, <c>reject</c> or <c>refer</c>.</summary>
    /// <param name="provider">Which provider.</param>
    /// <param name="call">Its name of the call.</param>
    /// <param name="verb">What.</param>
    /// <param name="body">A JSON object, or null for none.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<OpenAIAnswer> TellAsync(ProviderEntry provider, string call, string verb, string? body, CancellationToken cancellationToken)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return await AskAsync(provider, ProtocolOf(provider).Call(provider, call, verb), verb, content, cancellationToken);
    }

    /// <summary>A further connection to a call.</summary>
    public Uri SidebandOf(ProviderEntry provider, string call) => ProtocolOf(provider).Sideband(provider, call);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private ICallProtocol ProtocolOf(ProviderEntry provider) => _protocols[provider.Dialect.Name];

    private async Task<OpenAIAnswer> AskAsync(ProviderEntry provider, Uri address, string what, HttpContent? body, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", provider.Options.ApiKey.Reveal());
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            var text = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(either.Token));
            LogAnswered(provider.Name, what, (int)answer.StatusCode);
            return new OpenAIAnswer(answer.StatusCode, text, CallOf(answer.Headers.Location));
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            LogUnanswered(provider.Name, what, exception.GetType().Name);
            return default;
        }
    }

    /// <summary>The last segment of an address that is relative as a rule; null when it does not look like a name.</summary>
    private static string? CallOf(Uri? location)
    {
        var path = location?.OriginalString.Split('?', '#')[0].TrimEnd('/');
        var name = path?[(path.LastIndexOf('/') + 1)..];
        return OpenAIAnswer.IsName(name) ? name : null;
    }

    [LoggerMessage(1171, LogLevel.Debug, "Provider {Provider} answered {What} with HTTP {Status}")]
    private partial void LogAnswered(string provider, string what, int status);

    [LoggerMessage(1172, LogLevel.Warning, "Provider {Provider} did not answer {What}: {Error}")]
    private partial void LogUnanswered(string provider, string what, string error);
}
