using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Gateway.Sessions.Http;

// Written as the provider's own HTTP form writes them, so that one client reads both.

/// <summary>A session that was opened with an offer.</summary>
internal sealed record OpenedResponse(
    [property: JsonPropertyName("session_id")] string SessionId,
    [property: JsonPropertyName("sdp")] DescriptionMessage Sdp,
    [property: JsonPropertyName("ice_servers")] IReadOnlyList<JsonElement> IceServers,
    [property: JsonPropertyName("events")] EventsMessage Events,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt);

/// <summary>A session description.</summary>
internal sealed record DescriptionMessage([property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("sdp")] string Sdp);

/// <summary>Where the session's events are read.</summary>
internal sealed record EventsMessage(
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("event_token")] string EventToken,
    [property: JsonPropertyName("expires_at")] DateTimeOffset ExpiresAt);

/// <summary>A prompt or picture that was taken.</summary>
internal sealed record PromptResponse([property: JsonPropertyName("success")] bool Success);

/// <summary>A session that its client has ended.</summary>
internal sealed record EndedResponse(
    [property: JsonPropertyName("session_id")] string SessionId,
    [property: JsonPropertyName("duration_seconds")] decimal DurationSeconds,
    [property: JsonPropertyName("billed_seconds")] decimal BilledSeconds,
    [property: JsonPropertyName("reason")] string Reason);

/// <summary>How many sessions a tenant may have live, and has.</summary>
internal sealed record QuotaResponse(
    [property: JsonPropertyName("limit")] int? Limit, [property: JsonPropertyName("active")] int Active, [property: JsonPropertyName("remaining")] int? Remaining);

/// <summary>What is asked of a session; for the description only, since bodies are read field by field.</summary>
internal sealed record OfferMessage(
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("sdp")] DescriptionMessage Sdp,
    [property: JsonPropertyName("prompt")] string? Prompt,
    [property: JsonPropertyName("enhance_prompt")] bool? EnhancePrompt,
    [property: JsonPropertyName("image_data")] string? ImageData,
    [property: JsonPropertyName("metadata")] JsonElement? Metadata);

/// <summary>Candidates; the same.</summary>
internal sealed record CandidatesMessage([property: JsonPropertyName("candidates")] IReadOnlyList<CandidateMessage?> Candidates);

/// <summary>One of them.</summary>
internal sealed record CandidateMessage(
    [property: JsonPropertyName("candidate")] string Candidate,
    [property: JsonPropertyName("sdpMid")] string? SdpMid,
    [property: JsonPropertyName("sdpMLineIndex")] int? SdpMLineIndex,
    [property: JsonPropertyName("usernameFragment")] string? UsernameFragment);

/// <summary>A prompt; the same.</summary>
internal sealed record PromptMessage(
    [property: JsonPropertyName("prompt")] string Prompt, [property: JsonPropertyName("enhance_prompt")] bool? EnhancePrompt);

/// <summary>A picture; the same.</summary>
internal sealed record ImageMessage(
    [property: JsonPropertyName("image_data")] string? ImageData,
    [property: JsonPropertyName("prompt")] string? Prompt,
    [property: JsonPropertyName("enhance_prompt")] bool? EnhancePrompt);
