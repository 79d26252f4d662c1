namespace Orchestrator.Simulator.Demo;

/// <summary>
/// Reads one session's money wherever it stands: the charge with the keys of both levels, the operator's own count, and what
/// Stripe accepted. Usage leaves some seconds after it is recorded, so it waits until all of it has.
/// </summary>
/// <param name="customer">The gateway with the customer's key.</param>
/// <param name="reseller">The gateway with the reseller's.</param>
/// <param name="stripe">The Stripe that this gateway exports to.</param>
/// <param name="others">Those of other gateways on this database; one that is gone is passed over.</param>
/// <param name="platform">The operator's program; null where he is not asked.</param>
/// <param name="time">The clock.</param>
internal sealed class MoneyAudit(JsonApi customer, JsonApi reseller, JsonApi stripe, IReadOnlyList<JsonApi> others, OperatorProgram? platform, TimeProvider time)
{
    private const int Page = 20_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>What is waited for.</summary>
    public string WaitsFor { get; private set; } = "the charge";

    /// <summary>Reads it.</summary>
    public async Task<SessionMoney> ReadAsync(string session, long generatedMs, CancellationToken cancellationToken)
    {
        var path = $"v1/sessions/{session}/charge";
        var above = await reseller.GetAsync<ChargeView>(path, cancellationToken);
        while (Missing(above) is { } missing)
        {
            WaitsFor = missing;
            await Task.Delay(Interval, time, cancellationToken);
            above = await reseller.GetAsync<ChargeView>(path, cancellationToken);
        }

        WaitsFor = "the accounts of this session";
        var own = await customer.GetAsync<ChargeView>(path, cancellationToken);
        var wallet = await customer.GetAsync<WalletView>($"v1/tenants/{own.Tenant}/wallet", cancellationToken);
        var costs = platform is null ? null : await platform.AskAsync(session, cancellationToken);
        return new SessionMoney(generatedMs, own, above, wallet, costs, await AcceptedAsync(above, cancellationToken));
    }

    /// <summary>What has yet to happen; a batch that will never arrive is told by the audit.</summary>
    private static string? Missing(ChargeView charge)
    {
        if (charge.Hold is not null)
            return "the rest of the hold to be released";
        if (!charge.IsSettled)
            return "every wallet to be charged";
        foreach (var tenant in charge.Tenants)
        {
            var exports = charge.ExportsOf(tenant);
            if (exports.Sum(export => export.Seconds) < charge.SecondsOf(tenant))
                return $"the usage of {tenant} to be exported";
            if (exports.FirstOrDefault(export => export.State is "pending" or "sending") is { } batch)
                return $"Stripe to acknowledge batch {batch.Identifier}";
        }

        return null;
    }

    private async Task<IReadOnlyList<StripeEvent>> AcceptedAsync(ChargeView charge, CancellationToken cancellationToken)
    {
        var identifiers = charge.Exports.Select(export => export.Identifier).ToHashSet(StringComparer.Ordinal);
        var accepted = await AcceptedAsync(stripe, identifiers, cancellationToken);
        foreach (var other in others)
        {
            try
            {
                accepted.AddRange(await AcceptedAsync(other, identifiers, cancellationToken));
            }
            catch (DemoException)
            {
                // It was there a moment ago. A batch that only it knew is missed by the audit, which says so.
            }
        }

        return accepted;
    }

    private static async Task<List<StripeEvent>> AcceptedAsync(JsonApi stripe, HashSet<string> identifiers, CancellationToken cancellationToken)
    {
        var (accepted, page) = (new List<StripeEvent>(), new StripePage([], 0));
        do
        {
            page = await stripe.GetAsync<StripePage>(FormattableString.Invariant($"control/stripe/events?after={page.Next}&limit={Page}"), cancellationToken);
            accepted.AddRange(page.Data.Where(one => identifiers.Contains(one.Identifier)));
        }
        while (page.Data.Count > 0);
        return accepted;
    }
}
