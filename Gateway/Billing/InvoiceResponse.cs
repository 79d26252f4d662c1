using System.Globalization;
using Orchestrator.Domain.Billing;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>What a tenant would owe the one above it for a month, as the ledger stands.</summary>
/// <param name="Tenant">Who owes.</param>
/// <param name="Month">Such as <c>2026-01</c>, in UTC.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Lines">One for each model and price version of seconds.</param>
/// <param name="TokenLines">One for each model and price version of tokens.</param>
/// <param name="Total">The sum of the rounded lines.</param>
/// <param name="Exact">The sum before rounding.</param>
/// <param name="Rounding">How amounts become payable, in words.</param>
/// <param name="Margin">What the caller earns on this usage.</param>
internal sealed record InvoiceResponse(
    string Tenant, string Month, string Currency, IReadOnlyList<InvoiceResponse.Line> Lines, IReadOnlyList<InvoiceResponse.TokenLine> TokenLines, AmountResponse Total,
    AmountResponse Exact, string Rounding, InvoiceResponse.Earnings Margin)
{
    public static InvoiceResponse Of(string tenant, DateTimeOffset month, Invoice invoice, UsageSums viewer) => new(
        tenant,
        month.ToString("yyyy-MM", CultureInfo.InvariantCulture),
        invoice.Currency,
        [.. invoice.Lines.Select(line => Line.Of(line, invoice))],
        [.. invoice.TokenLines.Select(line => TokenLine.Of(line, invoice))],
        AmountOf(invoice.Total),
        AmountOf(invoice.Exact),
        WordsOf(invoice.Currency),
        new Earnings(
            AmountResponse.Of(viewer.IncomeMicros, invoice.Currency), AmountResponse.Of(viewer.ChargeMicros, invoice.Currency),
            AmountResponse.Of(viewer.IncomeMicros - viewer.ChargeMicros, invoice.Currency)));

    /// <summary>How a line becomes payable.</summary>
    public static string WordsOf(string currency) => string.Create(
        CultureInfo.InvariantCulture,
        $"Seconds and tokens are exact sums; each line is rounded once, half away from zero, to {MinorUnits.DecimalsOf(currency)} decimals of {currency}; "
        + $"the total is the sum of the rounded lines.");

    private static AmountResponse AmountOf(Money money) => AmountResponse.Of(money.Micros, money.Currency);

    /// <summary>One line.</summary>
    internal sealed record Line(
        string Model, string PriceVersion, string UnitPrice, decimal MicrosPerSecond, RoundingResponse Rounding, decimal GeneratedSeconds, long Seconds,
        AmountResponse Amount, AmountResponse Exact)
    {
        public static Line Of(InvoiceLine line, Invoice invoice) => new(
            line.Model, line.PriceVersion.ToString(CultureInfo.InvariantCulture), PriceWords.Of(line.Price, invoice.Currency), line.Price.MicrosPerSecond,
            RoundingResponse.Of(line.Price.Rounding), line.Milliseconds / 1000m, line.Seconds, AmountOf(invoice.AmountOf(line)), AmountResponse.Of(line.Micros, invoice.Currency));
    }

    /// <summary>One line of tokens.</summary>
    internal sealed record TokenLine(
        string Model, string PriceVersion, TokenAmounts<decimal> MicrosPerMillion, TokenAmounts<long> Counts, long Responses, AmountResponse Amount, AmountResponse Exact)
    {
        public static TokenLine Of(Domain.Billing.Tokens.TokenLine line, Invoice invoice) => new(
            line.Model, line.PriceVersion.ToString(CultureInfo.InvariantCulture), TokenAmounts<decimal>.Of(kind => line.Price[kind]), TokenAmounts<long>.Of(line.Counts.Known),
            line.Responses, AmountOf(invoice.AmountOf(line)), AmountResponse.Of(line.Micros, invoice.Currency));
    }

    /// <summary>At the caller's own level: what the tenants right below pay it for this usage, what it pays above, and the difference.</summary>
    internal sealed record Earnings(AmountResponse Income, AmountResponse Charge, AmountResponse Margin);
}
