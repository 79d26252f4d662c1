using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>Usage of a tenant and all below it, with amounts at the caller's own level of the tree.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="From">Recorded from here on.</param>
/// <param name="To">Recorded before here.</param>
/// <param name="GroupBy">What it is grouped by.</param>
/// <param name="Total">All groups together; on the first page.</param>
/// <param name="Rows">The groups, in the order of their values.</param>
/// <param name="Next">Pass it as <c>after</c> for the next page; null on the last.</param>
internal sealed record UsageResponse(
    string Tenant, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<string> GroupBy, UsageAmounts? Total, IReadOnlyList<UsageResponse.Row> Rows, string? Next)
{
    public static UsageResponse Of(string tenant, string currency, UsageRequest request, IReadOnlyList<UsageRow> rows) => new(
        tenant,
        request.Span.From,
        request.Span.To,
        [.. request.Groups.Select(UsageRequest.NameOf)],
        request.After is null ? UsageAmounts.Of(rows.Count > 0 ? rows[0].Total : default, currency) : null,
        request.Groups.Count == 0 ? [] : [.. rows.Take(request.Limit).Select(row => Row.Of(row, request.Groups, currency))],
        NextOf(request, rows));

    /// <summary>The cursor of the next page, of rows of which one more was asked for.</summary>
    public static string? NextOf(UsageRequest request, IReadOnlyList<UsageRow> rows) =>
        rows.Count > request.Limit ? UsageRequest.CursorOf(rows[request.Limit - 1].Keys) : null;

    /// <summary>One group; what it is not grouped by is null, as is the end user of a session that named none.</summary>
    internal sealed record Row(string? Tenant, string? EndUser, string? Model, string? Day, string? Session, UsageAmounts Amounts)
    {
        public static Row Of(UsageRow row, IReadOnlyList<UsageGroup> groups, string currency)
        {
            var keys = groups.Zip(row.Keys).ToDictionary(pair => pair.First, pair => pair.Second.Length > 0 ? pair.Second : null);
            return new Row(
                keys.GetValueOrDefault(UsageGroup.Tenant), keys.GetValueOrDefault(UsageGroup.EndUser), keys.GetValueOrDefault(UsageGroup.Model),
                keys.GetValueOrDefault(UsageGroup.Day), keys.GetValueOrDefault(UsageGroup.Session), UsageAmounts.Of(row.Sums, currency));
        }
    }
}

/// <summary>Seconds and what they cost and earn the caller.</summary>
/// <param name="Seconds">What was generated, to the millisecond.</param>
/// <param name="BilledSeconds">What the caller is billed of it.</param>
/// <param name="Charge">What the caller pays the one above for it.</param>
/// <param name="Income">What the tenants right below pay the caller for it.</param>
/// <param name="Margin">Income less charge; what the caller used itself earns nothing.</param>
/// <param name="InputTokens">Tokens that were read, the cached ones among them.</param>
/// <param name="CachedTokens">As many of those as came out of a cache.</param>
/// <param name="OutputTokens">Tokens that were written and spoken. Charge and income are for seconds and tokens together.</param>
internal sealed record UsageAmounts(
    decimal Seconds, long BilledSeconds, AmountResponse Charge, AmountResponse Income, AmountResponse Margin, long InputTokens, long CachedTokens, long OutputTokens)
{
    public static UsageAmounts Of(UsageSums sums, string currency) => new(
        sums.Milliseconds / 1000m,
        sums.BilledSeconds,
        AmountResponse.Of(sums.ChargeMicros, currency),
        AmountResponse.Of(sums.IncomeMicros, currency),
        AmountResponse.Of(sums.IncomeMicros - sums.ChargeMicros, currency),
        sums.Tokens.Input,
        sums.Tokens.Cached,
        sums.Tokens.Output);
}
