using System.Globalization;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;

namespace Orchestrator.Gateway.Billing;

/// <summary>Prices of tokens to be set: millionths of the currency's unit for a million of each kind, with up to six decimals.</summary>
/// <param name="Model">The model; absent or null for every model without prices of its own. What users say is transcribed as <c>input_audio_transcription</c>.</param>
/// <param name="TextIn">Text that was read and not cached.</param>
/// <param name="AudioIn">Audio that was heard and not cached.</param>
/// <param name="ImageIn">Images that were looked at and not cached.</param>
/// <param name="CachedTextIn">Cached text; as <c>textIn</c> by default.</param>
/// <param name="CachedAudioIn">Cached audio; as <c>audioIn</c> by default.</param>
/// <param name="CachedImageIn">Cached images; as <c>imageIn</c> by default.</param>
/// <param name="TextOut">Text that was written.</param>
/// <param name="AudioOut">Audio that was spoken.</param>
/// <param name="TranscribedMs">Milliseconds of audio, for transcriptions that are counted by time; 0 by default.</param>
/// <param name="ValidFrom">When they begin; now by default, never in the past.</param>
internal sealed record NewTokenPrice(
    string? Model, decimal? TextIn, decimal? AudioIn, decimal? ImageIn, decimal? CachedTextIn, decimal? CachedAudioIn, decimal? CachedImageIn, decimal? TextOut,
    decimal? AudioOut, decimal? TranscribedMs, DateTimeOffset? ValidFrom)
{
    public static NewTokenPrice Read(JsonBody body)
    {
        return new NewTokenPrice(
            body.Text("model", AccessPolicy.MaxModelLength),
            Needed("textIn"), Needed("audioIn"), Needed("imageIn"), Optional("cachedTextIn"), Optional("cachedAudioIn"), Optional("cachedImageIn"),
            Needed("textOut"), Needed("audioOut"), Optional("transcribedMs"), body.Instant("validFrom"));

        decimal? Needed(string name) => body.Number(name, 0, TokenPrice.MaxMicrosPerMillion, required: true);
        decimal? Optional(string name) => body.Number(name, 0, TokenPrice.MaxMicrosPerMillion);
    }

    /// <summary>The price, once nothing was wrong with it.</summary>
    public TokenPrice ToPrice() => new(
        TextIn!.Value, AudioIn!.Value, ImageIn!.Value, CachedTextIn ?? TextIn.Value, CachedAudioIn ?? AudioIn.Value, CachedImageIn ?? ImageIn.Value,
        TextOut!.Value, AudioOut!.Value, TranscribedMs ?? 0);
}

/// <summary>One version of the prices of tokens, as the one who pays them and those above see it.</summary>
/// <param name="Id">The version.</param>
/// <param name="Model">The model; null for every model without prices of its own.</param>
/// <param name="Unit">What the prices are for: <c>million</c>.</param>
/// <param name="Micros">By kind.</param>
/// <param name="ValidFrom">When it begins.</param>
/// <param name="ValidUntil">When it ends; null while that is open.</param>
/// <param name="State">Whether sessions that begin to use tokens now lock it.</param>
internal sealed record TokenPriceResponse(
    string Id, string? Model, string Unit, TokenAmounts<decimal> Micros, DateTimeOffset ValidFrom, DateTimeOffset? ValidUntil, PriceState State)
{
    public static TokenPriceResponse Of(TokenPriceVersion version, DateTimeOffset now) => new(
        version.Id.ToString(CultureInfo.InvariantCulture),
        version.Model,
        "million",
        TokenAmounts<decimal>.Of(kind => version.Price[kind]),
        version.From,
        version.Until,
        version.From > now ? PriceState.Scheduled : version.Until <= now ? PriceState.Past : PriceState.Running);
}

/// <summary>Something of each kind, in the names of the API.</summary>
internal sealed record TokenAmounts<T>(
    T TextIn, T AudioIn, T ImageIn, T CachedTextIn, T CachedAudioIn, T CachedImageIn, T TextOut, T AudioOut, T TranscribedMs)
{
    public static TokenAmounts<T> Of(Func<TokenKind, T> of) => new(
        of(TokenKind.TextIn), of(TokenKind.AudioIn), of(TokenKind.ImageIn), of(TokenKind.CachedTextIn), of(TokenKind.CachedAudioIn), of(TokenKind.CachedImageIn),
        of(TokenKind.TextOut), of(TokenKind.AudioOut), of(TokenKind.TranscribedMs));
}
