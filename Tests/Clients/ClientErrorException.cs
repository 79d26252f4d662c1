using System.Text.Json;

namespace Orchestrator.Tests.Clients;

/// <summary>What a client library threw.</summary>
/// <param name="name">Its class.</param>
/// <param name="message">Its words.</param>
/// <param name="code">Its code, if it has one.</param>
/// <param name="status">The HTTP status it tells, if it does.</param>
internal sealed class ClientErrorException(string name, string message, string? code, int? status) : Exception($"{name} {code}: {message}")
{
    public string Words => message;

    public string? Code => code;

    public int? Status => status;

    public static ClientErrorException Of(JsonElement error) => new(
        error.GetProperty("name").ToString(), error.GetProperty("message").ToString(),
        error.GetProperty("code") is { ValueKind: JsonValueKind.String } code ? code.GetString() : null,
        error.GetProperty("status") is { ValueKind: JsonValueKind.Number } status ? status.GetInt32() : null);
}
