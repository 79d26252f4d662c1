using Orchestrator.Domain.Billing.Tokens;

namespace Orchestrator.Domain.Billing;

/// <summary>One line: what was used of one model at one version of its price.</summary>
/// <param name="Model">The model of the sessions.</param>
/// <param name="PriceVersion">The version that their runs locked.</param>
/// <param name="Price">Its price.</param>
/// <param name="Milliseconds">What was generated.</param>
/// <param name="Seconds">What is billed of it.</param>
/// <param name="Micros">What that costs exactly: the sum of the runs' charges, none of them rounded again.</param>
public sealed record InvoiceLine(string Model, long PriceVersion, Price Price, long Milliseconds, long Seconds, long Micros);

/// <summary>What one tenant owes the one above it for one span of time. Each line is rounded once; the total is the sum of the rounded lines.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Lines">Its lines for seconds.</param>
/// <param name="TokenLines">Its lines for tokens.</param>
public sealed record Invoice(string Currency, IReadOnlyList<InvoiceLine> Lines, IReadOnlyList<TokenLine> TokenLines)
{
    /// <summary>The line as it is invoiced, in whole minor units.</summary>
    public Money AmountOf(InvoiceLine line) => new(MinorUnits.Round(line.Micros, Currency), Currency);

    /// <summary>The line as it is invoiced, in whole minor units.</summary>
    public Money AmountOf(TokenLine line) => new(MinorUnits.Round(line.Micros, Currency), Currency);

    /// <summary>What is owed.</summary>
    public Money Total => new(Lines.Sum(line => AmountOf(line).Micros) + TokenLines.Sum(line => AmountOf(line).Micros), Currency);

    /// <summary>What the lines cost before they were rounded.</summary>
    public Money Exact => new(Lines.Sum(line => line.Micros) + TokenLines.Sum(line => line.Micros), Currency);
}
