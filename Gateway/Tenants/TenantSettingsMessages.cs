using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;
using Orchestrator.Grains.Interfaces.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Settings of a tenant's client tokens, in seconds, and of what its clients see; null says nothing.</summary>
/// <param name="DefaultExpiresIn">How long a token opens sessions that asks for no time of its own; 60 where nobody says anything.</param>
/// <param name="LargestExpiresIn">How long one may at most.</param>
/// <param name="DefaultMaxSessionDuration">How long a session runs of a token that asks for no time of its own.</param>
/// <param name="LargestMaxSessionDuration">How long one may at most.</param>
/// <param name="AllowedModels">At most 20 models that a token may name; it is bound to them if it names none.</param>
/// <param name="AllowedOrigins">The same of origins, compared exactly.</param>
/// <param name="TokenPrefix">How the tokens begin: at most 16 letters and digits and an underscore; <c>ek_</c> where nobody says anything.</param>
/// <param name="MediaHost">The host, and perhaps its port, that clients see in the place of a provider's media host.</param>
/// <param name="ErrorTexts">
/// What clients are told instead of our words, by the name of the close code, such as <c>insufficient_credits</c>: one line of at most
/// 123 bytes, which for a permanent refusal holds a phrase on which published clients stop trying.
/// </param>
internal sealed record TokenSettings(
    int? DefaultExpiresIn, int? LargestExpiresIn, int? DefaultMaxSessionDuration, int? LargestMaxSessionDuration,
    IReadOnlyList<string>? AllowedModels, IReadOnlyList<string>? AllowedOrigins,
    string? TokenPrefix, string? MediaHost, IReadOnlyDictionary<string, string>? ErrorTexts)
{
    public static TokenSettings Read(JsonBody body)
    {
        var read = new TokenSettings(
            (int?)body.Whole("defaultExpiresIn", 1, ClientTokenRequest.MaxExpiresIn),
            (int?)body.Whole("largestExpiresIn", 1, ClientTokenRequest.MaxExpiresIn),
            (int?)body.Whole("defaultMaxSessionDuration", ClientTokenRequest.MinSessionDuration, ClientTokenRequest.MaxSeconds),
            (int?)body.Whole("largestMaxSessionDuration", ClientTokenRequest.MinSessionDuration, ClientTokenRequest.MaxSeconds),
            body.Texts("allowedModels", ClientTokenRequest.MaxItems, AccessPolicy.MaxModelLength),
            body.Texts("allowedOrigins", ClientTokenRequest.MaxItems, ClientTokenRequest.MaxItemLength),
            body.Text("tokenPrefix", CredentialText.MaxPrefix),
            body.Text("mediaHost", HostName.MaxLength + 6),
            body.TextsByName("errorTexts", CloseCodes.All.Count, ErrorText.MaxBytes, WhyNot));
        if (read.TokenPrefix is { } prefix && !CredentialText.IsTokenPrefix(prefix))
            body.Wrong("tokenPrefix", "must be letters and digits and an underscore, and none of our own");
        if (read.MediaHost is { } host && !HostName.IsAuthority(host))
            body.Wrong("mediaHost", "must be the name of a host, such as media.shop.example, with a port if it has one");
        if (read.DefaultExpiresIn > read.LargestExpiresIn)
            body.Wrong("defaultExpiresIn", "must be at most largestExpiresIn");
        if (read.DefaultMaxSessionDuration > read.LargestMaxSessionDuration)
            body.Wrong("defaultMaxSessionDuration", "must be at most largestMaxSessionDuration");
        return read;
    }

    public static TokenSettings Of(TenantSettings settings) => new(
        SecondsOf(settings.DefaultExpiresIn), SecondsOf(settings.LargestExpiresIn),
        SecondsOf(settings.DefaultMaxSessionDuration), SecondsOf(settings.LargestMaxSessionDuration),
        settings.AllowedModels, settings.AllowedOrigins,
        settings.TokenPrefix, settings.MediaHost, settings.ErrorTexts?.ToDictionary(text => text.Code.Entry().Name, text => text.Text, StringComparer.Ordinal));

    public TenantSettings ToSettings() => new(
        SpanOf(DefaultExpiresIn), SpanOf(LargestExpiresIn), SpanOf(DefaultMaxSessionDuration), SpanOf(LargestMaxSessionDuration), AllowedModels, AllowedOrigins,
        TokenPrefix, MediaHost, ErrorTexts is null ? null : [.. ErrorTexts.Select(text => new ErrorText(CloseCodes.Named(text.Key)!.Value, text.Value))]);

    private static string? WhyNot(string name, string text) =>
        CloseCodes.Named(name) is { } code ? ErrorText.WhyNot(code, text) : "is not the name of a close code";

    private static int? SecondsOf(TimeSpan? span) => (int?)span?.TotalSeconds;
    private static TimeSpan? SpanOf(int? seconds) => seconds is { } some ? TimeSpan.FromSeconds(some) : null;
}

/// <summary>Settings as they stand; the header <c>ETag</c> names their version.</summary>
/// <param name="Settings">What is set for this very tenant; null when nothing is.</param>
/// <param name="SetAbove">Whether one above the caller has set it, so that the caller cannot change it.</param>
/// <param name="Effective">What counts: with what is set above this tenant, the strictest.</param>
internal sealed record TenantSettingsResponse(TokenSettings? Settings, bool SetAbove, TokenSettings Effective)
{
    public static TenantSettingsResponse Of(StandingSettings standing, int depth, TenantSettings effective) => new(
        standing.Settings is { } settings ? TokenSettings.Of(settings) : null, !TenantSettings.MayBeChangedFrom(depth, standing.SetAtDepth), TokenSettings.Of(effective));
}
