using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>How OpenAI's API names what a line of our catalogue says; where it has no name for it, ours stands.</summary>
/// <param name="Type">The class of the error.</param>
/// <param name="Code">The error.</param>
public readonly record struct OpenAIWords(string Type, string Code)
{
    /// <summary>The words for this code.</summary>
    public static OpenAIWords For(CloseCode code) => code switch
    {
        CloseCode.InvalidCredential or CloseCode.CredentialRevoked  => new("invalid_request_error", "invalid_api_key"),
        CloseCode.InsufficientCredits                               => new("insufficient_quota", "insufficient_quota"),
        CloseCode.ModelNotAllowed or CloseCode.ModelNotPriced       => new("invalid_request_error", "model_not_found"),
        CloseCode.DurationLimit                                     => new("invalid_request_error", "session_expired"),
        _ when code.Entry().Advice is CloseAdvice.StayAway          => new("invalid_request_error", code.Entry().Name),
        _                                                           => new("server_error", code.Entry().Name),
    };
}
