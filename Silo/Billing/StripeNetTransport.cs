using System.Text;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing.Stripe;
using Stripe;
using StripeRequest = Orchestrator.Grains.Billing.Stripe.StripeRequest;

namespace Orchestrator.Silo.Billing;

/// <summary>
/// The transport over Stripe.net's raw requests. Its retries, its telemetry and its errors stay out of it: what to do about an
/// answer is decided above the port, for this transport as for the other.
/// </summary>
public sealed class StripeNetTransport : IStripeTransport, IDisposable
{
    private readonly StripeOptions _options;
    private readonly StripeKeyRule _keys;
    private readonly TimeProvider _time;
    private readonly HttpClient _http = StripeHttp.CreateClient();
    private readonly SystemNetHttpClient _sender;

    /// <summary>One connection pool for all keys.</summary>
    public StripeNetTransport(IOptions<StripeOptions> options, StripeKeyRule keys, TimeProvider time)
    {
        (_options, _keys, _time) = (options.Value, keys, time);
        _sender = new SystemNetHttpClient(_http, maxNetworkRetries: 0, new AppInfo { Name = StripeHttp.Product, Version = StripeHttp.ProductVersion }, enableTelemetry: false);
    }

    /// <inheritdoc/>
    public async Task<StripeAnswer> SendAsync(StripeRequest request, CancellationToken cancellationToken)
    {
        if (_keys.Refusal(request.Access.ApiKey) is { } refusal)
            return new StripeRefusal(refusal);

        var reply = new ReplyKeeper(_sender);
        var client = new StripeClient(new StripeClientOptions { ApiBase = _options.BaseAddress.GetLeftPart(UriPartial.Authority), HttpClient = reply });
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var content = request.Method == HttpMethod.Post ? request.Form : null;
            var response = await client.RawRequestAsync(request.Method, request.Target, content, Options(request), either.Token);
            return Read(response);
        }
        // It throws for every status but 200, in as many ways as there are bodies. The answer itself is what counts.
        catch (Exception) when (reply.Kept is not null)
        {
            return Read(reply.Kept);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return StripeLost.TimedOut;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return StripeLost.Of(failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private StripeReply Read(StripeResponse response) =>
        StripeReply.Of(response.StatusCode, response.Headers, Encoding.UTF8.GetBytes(response.Content), _time.GetUtcNow());

    private RawRequestOptions Options(StripeRequest request)
    {
        // The version is pinned by our configuration, not by the package: the two transports must mean the same.
        var options = new RawRequestOptions
        {
            ApiKey = request.Access.ApiKey.Reveal(),
            IdempotencyKey = request.IdempotencyKey,
            AdditionalHeaders = { ["Stripe-Version"] = _options.ApiVersion },
        };
        if (request.Access.Account is { } account)
            options.AdditionalHeaders[request.AccountHeader] = account;
        return options;
    }

    /// <summary>Keeps the answer of its one request, which the client reads and then may throw away.</summary>
    private sealed class ReplyKeeper(IHttpClient sender) : IHttpClient
    {
        public StripeResponse? Kept { get; private set; }

        public async Task<StripeResponse> MakeRequestAsync(global::Stripe.StripeRequest request, CancellationToken cancellationToken = default) =>
            Kept = await sender.MakeRequestAsync(request, cancellationToken);

        public Task<StripeStreamedResponse> MakeStreamingRequestAsync(global::Stripe.StripeRequest request, CancellationToken cancellationToken = default) =>
            sender.MakeStreamingRequestAsync(request, cancellationToken);
    }
}
