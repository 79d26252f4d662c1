using System.Text.Json;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>Whom a session is for, as back ends tell OpenAI: in a header of its own.</summary>
internal static class EndUser
{
    private const string Header = "OpenAI-Safety-Identifier";
    private const int MaxLength = 200;

    /// <summary>The session's metadata that says so; null when the request does not.</summary>
    public static string? Of(HttpRequest request) =>
        request.Headers[Header] is [{ Length: > 0 and <= MaxLength } user, ..] && !CredentialText.IsIn(user)
            ? JsonSerializer.Serialize(new Dictionary<string, string> { ["user_id"] = user })
            : null;
}
