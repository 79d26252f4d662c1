using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Dialling;

namespace Orchestrator.Grains.Billing.Export.Sinks;

/// <summary>
/// CloudEvents 1.0 over HTTP, in the shape that OpenMeter reads: what it has by source and id it does not count again. The
/// address is the tenant's, so it is dialled through the guard.
/// </summary>
public sealed class CloudEventsSink(GuardedDialer dialer, IOptions<ExportOptions> options, TimeProvider time) : IUsageSink, IDisposable
{
    private readonly HttpMessageInvoker _invoker = dialer.CreateInvoker(options.Value.RequestTimeout);

    /// <inheritdoc/>
    public SinkKind Kind => SinkKind.CloudEvents;

    /// <inheritdoc/>
    public TimeSpan? MaxAge => null;

    /// <inheritdoc/>
    public string? Flaw(SinkAddress address) =>
        dialer.Flaw(address.Endpoint) ?? (address.Credential is { } secret && secret.Reveal().AsSpan().ContainsAnyExceptInRange('!', '~')
            ? "The credential must have visible ASCII characters only."
            : null);

    /// <inheritdoc/>
    public string Freeze(UsageToFreeze usage) => UsageJson.Write(usage);

    /// <inheritdoc/>
    public async Task<SendOutcome> SendAsync(FrozenUsage usage, CancellationToken cancellationToken)
    {
        // Rules change, and so may the installation that the row is restored to.
        if (Flaw(usage.Address) is { } flaw)
            return new SendOutcome.Rejected(flaw);
        using var request = new HttpRequestMessage(HttpMethod.Post, usage.Address.Endpoint);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(usage.Body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json", "utf-8");
        if (usage.Address.Credential is { } credential)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential.Reveal());

        try
        {
            using var answer = await _invoker.SendAsync(request, cancellationToken);
            return Read(answer.StatusCode, answer.Headers.RetryAfter);
        }
        catch (HttpRequestException exception)
        {
            // Without a connection nothing was sent. The words of the exception hold the tenant's address, and stay here.
            var mayHaveArrived = exception.HttpRequestError is not (HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
                or HttpRequestError.SecureConnectionError) && exception.InnerException is not DialRefusedException;
            return new SendOutcome.Retry(
                After: null, mayHaveArrived, NewKey: false, exception.InnerException is DialRefusedException refused ? refused.Message : exception.HttpRequestError.ToString());
        }
        catch (IOException exception)
        {
            return new SendOutcome.Retry(After: null, IsUnknown: exception is not DialRefusedException, NewKey: false, "the connection broke");
        }
    }

    /// <inheritdoc/>
    public Task<SendOutcome> CancelAsync(FrozenUsage usage, CancellationToken cancellationToken) =>
        Task.FromResult<SendOutcome>(new SendOutcome.Rejected("this sink gives nothing back"));

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    private SendOutcome Read(HttpStatusCode status, RetryConditionHeaderValue? retryAfter)
    {
        var after = retryAfter?.Delta ?? (retryAfter?.Date is { } at ? at - time.GetUtcNow() : null);
        var cause = $"HTTP {(int)status}";
        return (int)status switch
        {
            >= 200 and < 300  => new SendOutcome.Accepted(),
            409 or 425 or 429 => new SendOutcome.Retry(after, IsUnknown: false, NewKey: false, cause),
            408 or >= 500     => new SendOutcome.Retry(after, IsUnknown: true, NewKey: false, cause),
            _                 => new SendOutcome.Rejected(cause),
        };
    }
}

/// <summary>A CloudEvent of usage: the same bytes over HTTP and in a file.</summary>
internal static class UsageJson
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(UsageToFreeze usage)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            json.WriteString("specversion", "1.0");
            json.WriteString("id", usage.Identifier);
            json.WriteString("source", $"/orchestrator/{usage.Address.Tenant}");
            json.WriteString("type", usage.Address.EventName);
            json.WriteString("subject", usage.Address.Customer);
            json.WriteString("time", usage.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
            json.WriteString("datacontenttype", "application/json");
            json.WriteStartObject("data");
            json.WriteNumber(JsonNamingPolicy.SnakeCaseLower.ConvertName(usage.Address.Unit.ToString()), usage.Value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
