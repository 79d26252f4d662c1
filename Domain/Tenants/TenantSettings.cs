namespace Orchestrator.Domain.Tenants;

/// <summary>
/// What is set once for all client tokens of a tenant and of those below it. Null says nothing; it counts for tokens that are
/// minted from then on. See <see cref="TokenPolicy"/> for what follows from the settings of a whole path.
/// </summary>
/// <param name="DefaultExpiresIn">How long a token opens sessions that asks for no time of its own.</param>
/// <param name="LargestExpiresIn">How long one may at most.</param>
/// <param name="DefaultMaxSessionDuration">How long a session runs of a token that asks for no time of its own.</param>
/// <param name="LargestMaxSessionDuration">How long one may at most.</param>
/// <param name="AllowedModels">The models that a token may name; it is bound to them if it names none.</param>
/// <param name="AllowedOrigins">The same of origins, compared exactly.</param>
/// <param name="TokenPrefix">How the tokens begin, such as <c>shop_</c>; of a path, the nearest counts.</param>
/// <param name="MediaHost">The tenant's own media host, which clients see in the place of a provider's; the nearest counts.</param>
/// <param name="ErrorTexts">What clients are told instead of the catalogue's words; for each line of it the nearest counts.</param>
public sealed record TenantSettings(
    TimeSpan? DefaultExpiresIn = null,
    TimeSpan? LargestExpiresIn = null,
    TimeSpan? DefaultMaxSessionDuration = null,
    TimeSpan? LargestMaxSessionDuration = null,
    IReadOnlyList<string>? AllowedModels = null,
    IReadOnlyList<string>? AllowedOrigins = null,
    string? TokenPrefix = null,
    string? MediaHost = null,
    IReadOnlyList<ErrorText>? ErrorTexts = null)
{
    /// <summary>Settings that say nothing.</summary>
    public static TenantSettings None { get; } = new();

    /// <summary>
    /// Whether a tenant that stands at <paramref name="depth"/> of the path may change settings that one at
    /// <paramref name="setAtDepth"/> of it has made (null: nobody): what was set from above is not undone from below.
    /// </summary>
    public static bool MayBeChangedFrom(int depth, int? setAtDepth) => setAtDepth is not { } standing || depth <= standing;
}
