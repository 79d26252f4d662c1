namespace Orchestrator.Domain.Tenants;

/// <summary>What somebody asks of a client token; null leaves it to the settings.</summary>
public sealed record TokenWish(TimeSpan? ExpiresIn, IReadOnlyList<string>? Models, IReadOnlyList<string>? Origins, TimeSpan? MaxSessionDuration);

/// <summary>What a client token is minted with.</summary>
public sealed record TokenTerms(TimeSpan ExpiresIn, IReadOnlyList<string>? Models, IReadOnlyList<string>? Origins, TimeSpan? MaxSessionDuration);

/// <summary>A part of a token that settings may limit.</summary>
public enum TokenPart
{
    /// <summary>How long it opens sessions.</summary>
    ExpiresIn,
    /// <summary>How long those run.</summary>
    MaxSessionDuration,
    /// <summary>The models it opens.</summary>
    Models,
    /// <summary>Where it may come from.</summary>
    Origins,
}

/// <summary>Why a token is not minted.</summary>
/// <param name="Part">What of it goes beyond the settings.</param>
/// <param name="Largest">The longest that it may be, of a time.</param>
/// <param name="Allowed">All that may be named, of a list.</param>
public sealed record TokenRefusal(TokenPart Part, TimeSpan? Largest, IReadOnlyList<string>? Allowed);

/// <summary>The terms, or everything that stands against them.</summary>
public sealed record TokenDecision(TokenTerms? Terms, IReadOnlyList<TokenRefusal> Refusals);

/// <summary>
/// Which client tokens the settings of a tree let be minted: whatever is set above binds, so the strictest counts; a default is the
/// nearest that somebody set, cut to what is allowed.
/// </summary>
public static class TokenPolicy
{
    /// <summary>How long a token lasts where nobody says anything.</summary>
    public static readonly TimeSpan DefaultExpiresIn = TimeSpan.FromSeconds(60);

    /// <summary>What counts for tokens of the last of a path, from the settings of all from its root to itself.</summary>
    public static TenantSettings Effective(IReadOnlyList<TenantSettings> path)
    {
        var (longest, longestSession) = (path.Min(one => one.LargestExpiresIn), path.Min(one => one.LargestMaxSessionDuration));
        return new TenantSettings(
            Shorter(Nearest(path, one => one.DefaultExpiresIn) ?? DefaultExpiresIn, longest),
            longest,
            // Who asks for no end gets the latest there is.
            Nearest(path, one => one.DefaultMaxSessionDuration) is { } usual ? Shorter(usual, longestSession) : longestSession,
            longestSession,
            Common(path.Select(one => one.AllowedModels)),
            Common(path.Select(one => one.AllowedOrigins)),
            path.Select(one => one.TokenPrefix).LastOrDefault(one => one is not null),
            path.Select(one => one.MediaHost).LastOrDefault(one => one is not null),
            Nearest(path.Select(one => one.ErrorTexts)));
    }

    /// <summary>The terms of a token under settings that <see cref="Effective"/> made; what goes beyond is refused, never cut.</summary>
    public static TokenDecision Decide(TokenWish wish, TenantSettings effective)
    {
        List<TokenRefusal> refusals = [];
        Longest(TokenPart.ExpiresIn, wish.ExpiresIn, effective.LargestExpiresIn);
        Longest(TokenPart.MaxSessionDuration, wish.MaxSessionDuration, effective.LargestMaxSessionDuration);
        Within(TokenPart.Models, wish.Models, effective.AllowedModels);
        Within(TokenPart.Origins, wish.Origins, effective.AllowedOrigins);
        if (refusals.Count > 0)
            return new TokenDecision(null, refusals);

        return new TokenDecision(
            new TokenTerms(
                wish.ExpiresIn ?? effective.DefaultExpiresIn ?? DefaultExpiresIn,
                wish.Models ?? effective.AllowedModels,
                wish.Origins ?? effective.AllowedOrigins,
                wish.MaxSessionDuration ?? effective.DefaultMaxSessionDuration),
            []);

        void Longest(TokenPart part, TimeSpan? wanted, TimeSpan? largest)
        {
            if (wanted > largest)
                refusals.Add(new TokenRefusal(part, largest, null));
        }

        void Within(TokenPart part, IReadOnlyList<string>? wanted, IReadOnlyList<string>? allowed)
        {
            // A list of nothing opens nothing: better to say so now than to every end user.
            if (allowed is { Count: 0 } || (allowed is not null && wanted?.Except(allowed, StringComparer.Ordinal).Any() == true))
                refusals.Add(new TokenRefusal(part, null, allowed));
        }
    }

    private static TimeSpan? Nearest(IEnumerable<TenantSettings> path, Func<TenantSettings, TimeSpan?> of) => path.Reverse().Select(of).FirstOrDefault(one => one is not null);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan? limit) => one > limit ? limit.Value : one;

    private static IReadOnlyList<ErrorText>? Nearest(IEnumerable<IReadOnlyList<ErrorText>?> texts) =>
        texts.OfType<IReadOnlyList<ErrorText>>().Reverse().SelectMany(one => one).DistinctBy(one => one.Code).ToList() is { Count: > 0 } nearest ? nearest : null;

    /// <summary>What is in each of the lists that there are; null when there is none.</summary>
    private static IReadOnlyList<string>? Common(IEnumerable<IReadOnlyList<string>?> lists) =>
        lists.OfType<IReadOnlyList<string>>().Aggregate(
            (IReadOnlyList<string>?)null, (common, list) => common is null ? list : [.. common.Intersect(list, StringComparer.Ordinal)]);
}
