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
public sealed record TenantSettings(
    TimeSpan? DefaultExpiresIn = null,
    TimeSpan? LargestExpiresIn = null,
    TimeSpan? DefaultMaxSessionDuration = null,
    TimeSpan? LargestMaxSessionDuration = null,
    IReadOnlyList<string>? AllowedModels = null,
    IReadOnlyList<string>? AllowedOrigins = null)
{
    /// <summary>Settings that say nothing.</summary>
    public static TenantSettings None { get; } = new();

    /// <summary>
    /// Whether a tenant that stands at <paramref name="depth"/> of the path may change settings that one at
    /// <paramref name="setAtDepth"/> of it has made (null: nobody): what was set from above is not undone from below.
    /// </summary>
    public static bool MayBeChangedFrom(int depth, int? setAtDepth) => setAtDepth is not { } standing || depth <= standing;
}
