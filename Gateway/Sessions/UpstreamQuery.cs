using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Sessions;

/// <summary>What of a client's query goes on to the provider: everything but whatever could be its credential.</summary>
internal static class UpstreamQuery
{
    private const int MaxParameters = 32;
    private const int MaxCharacters = 2_048;

    private static readonly string[] Ours = ["api_key", "model"];

    /// <summary>Whether there is no more than a client has reason to say.</summary>
    public static bool Fits(IQueryCollection query) =>
        query.Count <= MaxParameters &&
        query.Where(parameter => !IsOurs(parameter.Key)).Sum(parameter => parameter.Key.Length + parameter.Value.ToString().Length) <= MaxCharacters;

    /// <summary>The parameters to pass on. One that holds a credential, in its value or its name, stays here.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IQueryCollection query, string credential) =>
    [
        .. query.Where(parameter => !IsOurs(parameter.Key))
            .SelectMany(parameter => parameter.Value.Select(value => KeyValuePair.Create(parameter.Key, value ?? "")))
            .Where(parameter => !Holds(parameter.Key, credential) && !Holds(parameter.Value, credential)),
    ];

    private static bool Holds(string text, string credential) => text.Contains(credential, StringComparison.Ordinal) || CredentialText.IsIn(text);

    private static bool IsOurs(string name) => Ours.Contains(name, StringComparer.OrdinalIgnoreCase);
}
