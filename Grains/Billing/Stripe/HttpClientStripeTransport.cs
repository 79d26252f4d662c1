using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>The transport that needs no package: the same bytes as Stripe's own client, under our own name.</summary>
public sealed class HttpClientStripeTransport(IOptions<StripeOptions> options, StripeKeyRule keys, TimeProvider time) : IStripeTransport, IDisposable
{
    private readonly string _address = options.Value.BaseAddress.GetLeftPart(UriPartial.Authority);
    private readonly HttpClient _http = StripeHttp.CreateClient();

    /// <inheritdoc/>
    public async Task<StripeAnswer> SendAsync(StripeRequest request, CancellationToken cancellationToken)
    {
        // Keys of tenants come at any time, not only at start.
        if (keys.Refusal(request.Access.ApiKey) is { } refusal)
            return new StripeRefusal(refusal);

        using var message = Message(request);
        using var timeout = new CancellationTokenSource(options.Value.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response = await _http.SendAsync(message, either.Token);
            return StripeReply.Of(response.StatusCode, response.Headers, await response.Content.ReadAsByteArrayAsync(either.Token), time.GetUtcNow());
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

    private HttpRequestMessage Message(StripeRequest request)
    {
        var message = new HttpRequestMessage(request.Method, _address + request.Target);
        message.Headers.UserAgent.Add(new(StripeHttp.Product, StripeHttp.ProductVersion));
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", request.Access.ApiKey.Reveal());
        message.Headers.Add("Stripe-Version", options.Value.ApiVersion);
        if (request.Access.Account is { } account)
            message.Headers.Add(request.AccountHeader, account);
        if (request.IdempotencyKey is { } key)
            message.Headers.Add("Idempotency-Key", key);
        if (request.Method == HttpMethod.Post)
            message.Content = new StringContent(request.Form, Encoding.UTF8, "application/x-www-form-urlencoded");
        return message;
    }
}
