namespace Orchestrator.Simulator.Demo;

/// <summary>One session's money, read in every place that knows of it: at both levels of the tree, at the platform and at Stripe.</summary>
/// <param name="GeneratedMs">By the provider's truth.</param>
/// <param name="Own">The charge as the customer sees it.</param>
/// <param name="Above">The charge as the reseller sees it.</param>
/// <param name="Wallet">The customer's wallet afterwards.</param>
/// <param name="Platform">The session as the operator sees it; null where he was not asked.</param>
/// <param name="Accepted">What Stripe accepted of the batches that either level's seconds went out in.</param>
internal sealed record SessionMoney(
    long GeneratedMs, ChargeView Own, ChargeView Above, WalletView Wallet, OperatorView? Platform, IReadOnlyList<StripeEvent> Accepted)
{
    /// <summary>Who opened the session.</summary>
    public string Customer => Own.Tenant;

    /// <summary>Who sells to the customer.</summary>
    public string Reseller => Above.Tenants is [var first, ..] ? first : "";

    /// <summary>What the customer pays for.</summary>
    public long Seconds => Own.SecondsOf(Customer);

    /// <summary>The first disagreement, in a sentence; null when every place says the same.</summary>
    public string? Flaw => Flaws().FirstOrDefault();

    private IEnumerable<string> Flaws()
    {
        if (Own.Tenants is not [var only] || only != Customer || Above.Tenants.Count != 2 || Above.Tenants[1] != Customer)
            yield return "the customer should see its own level of the charge alone, and the reseller both.";
        foreach (var (who, recorded) in new[] { ("customer", Own.RecordedMs), ("reseller", Above.RecordedMs), ("operator", RecordedAtPlatform) })
        {
            if (recorded != GeneratedMs)
                yield return $"the provider generated {DemoFigures.Seconds(GeneratedMs)} s, but the {who} is told of {DemoFigures.Seconds(recorded)} s.";
        }

        foreach (var flaw in Charges().Concat(Costs()).Concat(Exports(Reseller, "reseller")).Concat(Exports(Customer, "customer")))
            yield return flaw;
    }

    private long RecordedAtPlatform => Platform is null ? GeneratedMs : (long)(Platform.Cost.RecordedSeconds * 1000);

    private IEnumerable<string> Charges()
    {
        if (Above.SecondsOf(Reseller) != Seconds)
            yield return $"the customer pays for {Seconds} s, but the reseller for {Above.SecondsOf(Reseller)} s.";
        if (Own.MicrosOf(Customer) != Above.MicrosOf(Customer))
            yield return $"the customer is told to pay {Words(Own.MicrosOf(Customer))}, but the reseller that it pays {Words(Above.MicrosOf(Customer))}.";
        if (!Own.IsSettled || !Above.IsSettled)
            yield return "a wallet has not paid what its level owes.";
    }

    private IEnumerable<string> Costs()
    {
        if (Platform is null)
            yield break;
        foreach (var (tenant, micros) in Platform.Levels.Select(level => (level.Tenant, level.Micros)))
        {
            if (Above.MicrosOf(tenant) != micros)
                yield return $"the operator reads that {tenant} pays {Words(micros)}, and its API {Words(Above.MicrosOf(tenant))}.";
        }

        if (Platform.Levels.Count != 2)
            yield return $"the operator sees {Platform.Levels.Count} levels that pay, not two.";
        if (Platform.Cost.Seconds != Seconds || Platform.Cost.UncostedSeconds != 0)
            yield return $"the customer pays for {Seconds} s, but the platform pays the provider for {Platform.Cost.Seconds} s, "
                + $"and {Platform.Cost.UncostedSeconds} s have no cost.";
    }

    /// <summary>A batch may hold seconds of other sessions too, so what Stripe accepted is no less than this session's part.</summary>
    private IEnumerable<string> Exports(string tenant, string who)
    {
        var exports = Above.ExportsOf(tenant);
        if (exports.Sum(export => export.Seconds) != Seconds)
            yield return $"{Seconds} s are charged, but {exports.Sum(export => export.Seconds)} s of the {who}'s were exported.";
        foreach (var export in exports)
        {
            var accepted = Accepted.Where(one => one.Identifier == export.Identifier).ToList();
            if (accepted is not [{ Cancelled: false, Failure: null } once])
                yield return $"batch {export.Identifier} is {export.State}, but Stripe counts it {accepted.Count(one => one is { Cancelled: false, Failure: null })} times.";
            else if (once.Value < export.Seconds)
                yield return $"batch {export.Identifier} has {export.Seconds} s of this session, but Stripe accepted {once.Value:0.###} s.";
        }
    }

    private string Words(long micros) => Amount.Words(micros, Own.Currency);
}
