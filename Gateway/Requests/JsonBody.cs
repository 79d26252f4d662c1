using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Orchestrator.Gateway.Requests;

/// <summary>A JSON object that a caller sent, read by field; all that is wrong is said at once.</summary>
internal sealed partial class JsonBody
{
    /// <summary>The largest body that is read, in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    private readonly JsonElement _body;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    private JsonBody(JsonElement body) => _body = body;

    /// <summary>Reads the body, or says why it is none.</summary>
    public static async Task<(JsonBody? Body, ProblemHttpResult? Problem)> ReadAsync(HttpRequest request)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(
                request.Body, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false }, request.HttpContext.RequestAborted);
            return document.RootElement.ValueKind is JsonValueKind.Object ? (new JsonBody(document.RootElement.Clone()), null) : (null, NoObject);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, Problems.BodyTooLarge);
        }
        catch (JsonException)
        {
            return (null, NoObject);
        }
    }

    /// <summary>Reads the body as what it should be, or says all that is wrong with it.</summary>
    public static async Task<(T? Value, JsonBody? Body, ProblemHttpResult? Problem)> ReadAsync<T>(HttpRequest request, Func<JsonBody, T> read) where T : class
    {
        var (body, problem) = await ReadAsync(request);
        if (body is null)
            return (null, null, problem);
        var value = read(body);
        return body.Problem() is { } wrong ? (null, null, wrong) : (value, body, null);
    }

    /// <summary>What is wrong, or null. To be asked once every field was read: one that nobody asked for is wrong too.</summary>
    public ProblemHttpResult? Problem()
    {
        foreach (var member in _body.EnumerateObject().Where(member => !_known.Contains(member.Name)).Take(8))
            _errors[member.Name.Length <= 100 ? member.Name : "body"] = "is not a field of this request";
        return _errors.Count > 0 ? Problems.Invalid(_errors) : null;
    }

    /// <summary>Whether a field is there, be it null.</summary>
    public bool Has(string name) => _body.TryGetProperty(name, out _);

    /// <summary>Says what is wrong with a field.</summary>
    public void Wrong(string name, string what) => _errors[name] = what;

    private static ProblemHttpResult NoObject => Problems.Invalid(new Dictionary<string, string> { ["body"] = "must be a JSON object of Unicode text" });

    private bool TryGet(string name, bool required, out JsonElement value)
    {
        _known.Add(name);
        if (_body.TryGetProperty(name, out value) && value.ValueKind is not JsonValueKind.Null)
            return true;
        if (required)
            _errors[name] = "is required";
        return false;
    }
}
