using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Reads the bodies of these requests. One that may hold a picture is large, and is several times as large in memory until its
/// frame has left; so only a few of those are read at once, and the rest is asked to come back.
/// </summary>
internal sealed class SignalBody(IOptions<HttpSessionsOptions> options) : IDisposable
{
    /// <summary>The largest body with a picture, in bytes: Base64 takes four thirds of it.</summary>
    public const int MaxLarge = 14 * 1024 * 1024 + 128 * 1024;

    /// <summary>The largest other body, in bytes.</summary>
    public const int MaxSmall = 128 * 1024;

    private readonly SemaphoreSlim _large = new(options.Value.MaxLargeBodies);

    /// <summary>Reads a JSON object and does with it what is to be done, while it is in memory.</summary>
    public async Task<IResult> WithJsonAsync<T>(
        HttpRequest request, bool isOurForm, Func<JsonElement, bool, Dictionary<string, string>, T?> read, Func<T, Task<IResult>> then) where T : class
    {
        if (!request.HasJsonContentType())
            return SignalProblems.NotJson;
        var isLarge = request.ContentLength is null or > MaxSmall;
        if (isLarge && !await _large.WaitAsync(TimeSpan.Zero, request.HttpContext.RequestAborted))
            return SignalProblems.TooManyBodies(request.HttpContext);
        try
        {
            var errors = new Dictionary<string, string>(StringComparer.Ordinal);
            var value = await ReadAsync(request, isOurForm, read, errors);
            return value is not null ? await then(value) : errors.ContainsKey(TooLarge) ? Problems.BodyTooLarge : Problems.Invalid(errors);
        }
        finally
        {
            if (isLarge)
                _large.Release();
        }
    }

    /// <summary>Reads a text; null for one that is longer than that, or no UTF-8.</summary>
    public static async Task<(string? Text, IResult? Problem)> TextAsync(HttpRequest request, int max)
    {
        try
        {
            using var bytes = new MemoryStream();
            await request.Body.CopyToAsync(bytes, request.HttpContext.RequestAborted);
            return bytes.Length <= max
                ? (new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)), null)
                : (null, Problems.BodyTooLarge);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, Problems.BodyTooLarge);
        }
        catch (DecoderFallbackException)
        {
            return ("", null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _large.Dispose();

    private const string TooLarge = "\0";

    private static async Task<T?> ReadAsync<T>(
        HttpRequest request, bool isOurForm, Func<JsonElement, bool, Dictionary<string, string>, T?> read, Dictionary<string, string> errors) where T : class
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(
                request.Body, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false }, request.HttpContext.RequestAborted);
            return read(body.RootElement, isOurForm, errors);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            errors[TooLarge] = "";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is text that is no Unicode.
            errors["body"] = "must be a JSON object of Unicode text";
        }

        return null;
    }
}
