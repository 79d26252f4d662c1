using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>What a client posts to open a call: its SDP alone, or a form of it and the session's settings.</summary>
/// <param name="Sdp">The offer.</param>
/// <param name="Session">The settings, or null.</param>
internal sealed record OpenAIOfferBody(string Sdp, JsonElement? Session)
{
    /// <summary>The largest body, in bytes.</summary>
    public const int MaxBytes = 96 * 1024;

    /// <summary>How JSON is read that goes on to a provider.</summary>
    public static readonly JsonDocumentOptions Json = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    private const int MaxSdp = 48 * 1024;
    private const int MaxSession = 48 * 1024;
    private const int MaxParts = 4;

    private static readonly OpenAIError Unsupported =
        OpenAIError.Invalid("unsupported_content_type", "Send application/sdp, or multipart/form-data with the parts sdp and session.") with
        {
            Status = StatusCodes.Status415UnsupportedMediaType,
        };

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads it, or says what is wrong.</summary>
    public static async Task<(OpenAIOfferBody? Body, OpenAIError? Error)> ReadAsync(HttpRequest request)
    {
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed : null;
        try
        {
            if (type?.MediaType.Equals("application/sdp", StringComparison.OrdinalIgnoreCase) is true)
                return await ReadAsync(request.Body, MaxSdp, request.HttpContext.RequestAborted) is { } bare ? Of(bare, null) : (null, OpenAIError.TooLarge);
            if (type?.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) is true
                && HeaderUtilities.RemoveQuotes(type.Boundary) is { Length: > 0 and <= 100 } boundary)
            {
                var form = new MultipartReader(boundary.ToString(), request.Body) { HeadersCountLimit = 8, HeadersLengthLimit = 2_048 };
                return await ReadFormAsync(form, request.HttpContext.RequestAborted);
            }

            return (null, Unsupported);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, OpenAIError.TooLarge);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            return (null, OpenAIError.Invalid("invalid_form", "The form cannot be read."));
        }
    }

    /// <summary>Settings of a session, or why they are none.</summary>
    public static (JsonElement? Session, OpenAIError? Error) ReadSession(string? text)
    {
        if (text is null)
            return (null, OpenAIError.TooLarge);
        try
        {
            using var document = JsonDocument.Parse(text, Json);
            return CheckSession(document.RootElement) is { } error ? (null, error) : (document.RootElement.Clone(), null);
        }
        catch (JsonException)
        {
            return (null, OpenAIError.Invalid("invalid_json", "The session is not valid JSON.", "session"));
        }
    }

    /// <summary>What is wrong with the settings as far as we look, or null. All else is the provider's to judge.</summary>
    public static OpenAIError? CheckSession(JsonElement session)
    {
        if (session.ValueKind is not JsonValueKind.Object)
            return OpenAIError.Invalid("invalid_type", "The session must be an object.", "session");
        if (session.TryGetProperty("type", out var type) && !(type.ValueKind is JsonValueKind.String && type.ValueEquals("realtime")))
            return OpenAIError.Invalid("invalid_value", "Sessions are of the type 'realtime'.", "session.type");
        return session.TryGetProperty("model", out var model) && model.ValueKind is not JsonValueKind.String
            ? OpenAIError.Invalid("invalid_type", "The model must be a string.", "session.model")
            : null;
    }

    /// <summary>The offer with these settings, or what is wrong with it.</summary>
    /// <param name="sdp">The session description; null where there is none.</param>
    /// <param name="session">The settings, or null.</param>
    /// <param name="param">What the description is called.</param>
    public static (OpenAIOfferBody? Body, OpenAIError? Error) Of(string? sdp, JsonElement? session, string param = "sdp") =>
        sdp is null || !sdp.StartsWith("v=0", StringComparison.Ordinal) || sdp.Contains('\0', StringComparison.Ordinal)
            ? (null, OpenAIError.Invalid("invalid_offer", "The offer is not a session description.", param))
            : (new OpenAIOfferBody(sdp, session), null);

    private static async Task<(OpenAIOfferBody?, OpenAIError?)> ReadFormAsync(MultipartReader form, CancellationToken cancellationToken)
    {
        string? sdp = null;
        JsonElement? session = null;
        var parts = 0;
        while (await form.ReadNextSectionAsync(cancellationToken) is { } part)
        {
            var name = ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition) ? HeaderUtilities.RemoveQuotes(disposition.Name).ToString() : null;
            if (++parts > MaxParts || name is not ("sdp" or "session") || (name is "sdp" ? sdp is not null : session is not null))
                return (null, OpenAIError.Invalid("unknown_parameter", "The form has one part named sdp and at most one named session."));
            if (name is "sdp")
            {
                if ((sdp = await ReadAsync(part.Body, MaxSdp, cancellationToken)) is null)
                    return (null, OpenAIError.TooLarge);
                continue;
            }

            (session, var error) = ReadSession(await ReadAsync(part.Body, MaxSession, cancellationToken));
            if (error is not null)
                return (null, error);
        }

        return sdp is null ? (null, OpenAIError.Invalid("missing_required_parameter", "The form lacks its part sdp.", "sdp")) : Of(sdp, session);
    }

    /// <summary>The text; null when it is longer than that, and empty when it is none.</summary>
    private static async Task<string?> ReadAsync(Stream body, int maxBytes, CancellationToken cancellationToken)
    {
        var bytes = new byte[maxBytes + 1];
        var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > maxBytes)
            return null;
        try
        {
            return Strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return "";
        }
    }
}
