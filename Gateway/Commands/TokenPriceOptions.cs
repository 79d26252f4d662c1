using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Gateway.Requests;

namespace Orchestrator.Gateway.Commands;

/// <summary>Prices of tokens as they are given on the command line: units of the currency for a million of each kind.</summary>
internal sealed class TokenPriceOptions
{
    private readonly Dictionary<TokenKind, Option<decimal?>> _prices = TokenKinds.All.ToDictionary(kind => kind, kind => new Option<decimal?>("--" + WordOf(kind))
    {
        Description = kind switch
        {
            TokenKind.TranscribedMs         => "A million milliseconds of audio, for transcriptions that are counted by time; 0 by default",
            _ when kind.Uncached() is { } u => $"A million of {WordOf(kind)}; as --{WordOf(u)} by default",
            _                               => $"A million of {WordOf(kind)}, in units of the currency",
        },
        Required = kind.Uncached() is null && kind is not TokenKind.TranscribedMs,
    });

    private readonly Option<string?> _model = new("--model")
    {
        Description = $"The model; none means every model without prices of its own. What users say is transcribed as {TokenReport.TranscriptionModel}",
    };

    private readonly Option<string?> _from = new("--from") { Description = $"When they begin, such as {Instants.Example}; now by default" };

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_model);
        foreach (var kind in TokenKinds.All)
            command.Options.Add(_prices[kind]);
        command.Options.Add(_from);
    }

    /// <summary>The model, or null for all.</summary>
    public string? ModelOf(ParseResult arguments) => arguments.GetValue(_model);

    /// <summary>The prices.</summary>
    public TokenPrice PriceOf(ParseResult arguments)
    {
        try
        {
            return new TokenPrice([.. TokenKinds.All.Select(kind => 1_000_000m * (Given(kind) ?? 0))]);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new StartException("A million tokens cost from 0 to a million units, with up to twelve decimals.");
        }

        decimal? Given(TokenKind kind) => arguments.GetValue(_prices[kind]) ?? (kind.Uncached() is { } uncached ? arguments.GetValue(_prices[uncached]) : null);
    }

    /// <summary>When they begin, or null for now.</summary>
    public DateTimeOffset? FromOf(ParseResult arguments) => arguments.GetValue(_from) is not { } text ? null
        : Instants.TryParse(text, out var from) ? from
        : throw new StartException($"--from is an instant such as {Instants.Example}.");

    /// <summary>Prices for people to read back.</summary>
    public static string WordsOf(TokenPrice price, string currency) => string.Join(", ", TokenKinds.All.Select(
        kind => string.Create(CultureInfo.InvariantCulture, $"{WordOf(kind)} {price[kind] / 1_000_000m:0.00##########}"))) + $" {currency} per million";

    private static string WordOf(TokenKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());
}
