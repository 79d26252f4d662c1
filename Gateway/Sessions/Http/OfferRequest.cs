using System.Buffers.Text;
using System.Text.Json;
using Orchestrator.Domain.Sessions.Signaling;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>What a client asks for that opens a session over HTTP.</summary>
/// <param name="Model">The model.</param>
/// <param name="Sdp">Its offer.</param>
/// <param name="Prompt">What to begin with; null for nothing.</param>
/// <param name="Enhance">Whether the provider may improve the prompt.</param>
/// <param name="Image">A picture to begin with, in Base64.</param>
/// <param name="Metadata">A JSON object of the tenant's own, kept on the session.</param>
internal sealed record OfferRequest(string Model, string Sdp, string? Prompt = null, bool Enhance = true, string? Image = null, string? Metadata = null)
{
    private static readonly string[] Fields = ["model", "sdp", "prompt", "enhance_prompt", "image_data", "metadata"];

    /// <summary>Reads one; null with all that is wrong with it. Fields that nobody knows are wrong, unless the form is somebody else's.</summary>
    public static OfferRequest? Read(JsonElement body, bool isOurForm, Dictionary<string, string> errors)
    {
        var fields = new SignalFields(body, errors);
        if (isOurForm)
            fields.Only(Fields);
        var model = fields.Text("model", AccessPolicy.MaxModelLength, isRequired: true);
        var sdp = ReadSdp(body, errors);
        var request = new OfferRequest(
            model ?? "", sdp ?? "", fields.Text("prompt", SignalFields.MaxPrompt), fields.Flag("enhance_prompt") ?? true, fields.Image("image_data"),
            fields.IsObject ? ClientTokenRequest.Object(body, "metadata", errors) : null);
        return errors.Count == 0 ? request : null;
    }

    private static string? ReadSdp(JsonElement body, Dictionary<string, string> errors)
    {
        var text = body.ValueKind is JsonValueKind.Object && body.TryGetProperty("sdp", out var sdp) ? TextOf(sdp) : null;
        if (text is not null && SdpText.IsOffer(text))
            return text;
        errors["sdp"] = $"must be a session description of at most {SdpText.MaxLength} characters with a medium, as text or as {{\"type\":\"offer\",\"sdp\":...}}";
        return null;
    }

    private static string? TextOf(JsonElement sdp) => sdp.ValueKind switch
    {
        JsonValueKind.String => SignalFields.Decoded(sdp),
        JsonValueKind.Object when sdp.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String && type.ValueEquals("offer")
            && sdp.TryGetProperty("sdp", out var text) && text.ValueKind is JsonValueKind.String => SignalFields.Decoded(text),
        _ => null,
    };
}

/// <summary>A prompt, a picture, or both.</summary>
internal sealed record PromptRequest(string? Prompt, bool Enhance, bool HasImage, string? Image)
{
    /// <summary>Reads a prompt.</summary>
    public static PromptRequest? ReadPrompt(JsonElement body, bool isOurForm, Dictionary<string, string> errors)
    {
        var fields = new SignalFields(body, errors);
        if (isOurForm)
            fields.Only("prompt", "enhance_prompt");
        var request = new PromptRequest(fields.Text("prompt", SignalFields.MaxPrompt, isRequired: true), fields.Flag("enhance_prompt") ?? true, HasImage: false, Image: null);
        return errors.Count == 0 ? request : null;
    }

    /// <summary>Reads a picture; null instead of one takes it away.</summary>
    public static PromptRequest? ReadImage(JsonElement body, bool isOurForm, Dictionary<string, string> errors)
    {
        var fields = new SignalFields(body, errors);
        if (isOurForm)
            fields.Only("image_data", "prompt", "enhance_prompt");
        if (fields.IsObject && !body.TryGetProperty("image_data", out _))
            errors["image_data"] = "is required, be it null to take the picture away";
        var request = new PromptRequest(
            fields.Text("prompt", SignalFields.MaxPrompt), fields.Flag("enhance_prompt") ?? true, HasImage: true, fields.Image("image_data"));
        return errors.Count == 0 ? request : null;
    }
}

/// <summary>The fields of such requests, read one by one; all that is wrong is said at once.</summary>
internal sealed class SignalFields
{
    /// <summary>The longest prompt, in characters: the provider's acknowledgement repeats it and has to fit into the session's ring.</summary>
    public const int MaxPrompt = 2_000;

    /// <summary>The largest picture, in bytes, as the provider's documents have it.</summary>
    public const int MaxImage = 10 * 1024 * 1024;

    private readonly JsonElement _body;
    private readonly Dictionary<string, string> _errors;

    /// <summary>The fields of that body.</summary>
    public SignalFields(JsonElement body, Dictionary<string, string> errors)
    {
        (_body, _errors) = (body, errors);
        if (!IsObject)
            errors["body"] = "must be a JSON object";
    }

    /// <summary>Whether there are fields at all.</summary>
    public bool IsObject => _body.ValueKind is JsonValueKind.Object;

    /// <summary>There are no others.</summary>
    public void Only(params IReadOnlyCollection<string> names)
    {
        if (!IsObject)
            return;
        foreach (var member in _body.EnumerateObject().Where(member => !names.Contains(member.Name)).Take(8))
            _errors[member.Name.Length <= 100 ? member.Name : "body"] = "is not a field of this request";
    }

    /// <summary>A text.</summary>
    public string? Text(string name, int max, bool isRequired = false)
    {
        if (!TryGet(name, out var value))
        {
            if (isRequired)
                _errors[name] = "is required";
            return null;
        }

        if (value.ValueKind is JsonValueKind.String && Decoded(value) is { } text && text.Length <= max && (text.Length > 0 || !isRequired))
            return text;
        _errors[name] = $"must be a text of at most {max} characters";
        return null;
    }

    /// <summary>Yes or no.</summary>
    public bool? Flag(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        _errors[name] = "must be true or false";
        return null;
    }

    /// <summary>A picture in Base64.</summary>
    public string? Image(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.String && Decoded(value) is { Length: > 0 } text && Base64.IsValid(text.AsSpan(), out var bytes) && bytes <= MaxImage)
            return text;
        _errors[name] = $"must be a picture of at most {MaxImage / 1024 / 1024} MiB in Base64, without a data: prefix";
        return null;
    }

    /// <summary>The text, or null where it is none: half of a surrogate pair.</summary>
    public static string? Decoded(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private bool TryGet(string name, out JsonElement value)
    {
        value = default;
        return IsObject && _body.TryGetProperty(name, out value) && value.ValueKind is not JsonValueKind.Null;
    }
}
