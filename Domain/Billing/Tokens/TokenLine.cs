namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>One line of an invoice: the tokens that were used of one model at one version of its prices.</summary>
/// <param name="Model">The model.</param>
/// <param name="PriceVersion">The version that sessions locked.</param>
/// <param name="Price">Its prices.</param>
/// <param name="Counts">What was used, by kind.</param>
/// <param name="Responses">In how many responses.</param>
/// <param name="Micros">What that costs exactly: the sum of the charges, none of them rounded again.</param>
public sealed record TokenLine(string Model, long PriceVersion, TokenPrice Price, TokenCounts Counts, long Responses, long Micros);
