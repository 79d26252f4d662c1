namespace Orchestrator.Domain.Billing.Reconciliation;

/// <summary>
/// Puts what sinks lack beside what they have too much: the same seconds at the same time for another customer of the meter, or
/// for the same customer on another day, are one mistake and not two. What is left is missing, or extra.
/// </summary>
public static class MeterMatching
{
    /// <summary>Findings of all differences. The sum of what they are about is that of the differences.</summary>
    public static IReadOnlyList<Finding> Of(IEnumerable<MeterDifference> differences)
    {
        var open = differences.Where(difference => difference.Seconds != 0).Select(difference => new Open(difference)).ToList();
        var (missing, extra) = (open.FindAll(one => one.Difference.Seconds < 0), open.FindAll(one => one.Difference.Seconds > 0));
        var findings = new List<Finding>();
        // The surest first: equal amounts, then a batch of that amount among several that are missing, then a part of what is too much.
        foreach (var amountOf in new Func<Open, Open, bool, decimal>[] { Equal, Batch, Part })
        {
            foreach (var isCustomer in new[] { true, false })
            {
                foreach (var much in extra)
                {
                    foreach (var little in missing.Where(little => isCustomer ? IsOtherCustomer(little, much) : IsOtherDay(little, much)))
                    {
                        if (amountOf(little, much, isCustomer) is var amount and > 0)
                            findings.Add(Match(little, much, amount, isCustomer));
                    }
                }
            }
        }

        findings.AddRange(missing.Where(one => one.Left > 0).Select(Missing));
        findings.AddRange(extra.Where(one => one.Left > 0).Select(Extra));
        return findings;
    }

    private static decimal Equal(Open little, Open much, bool isCustomer) => little.Left == much.Left ? much.Left : 0;

    private static decimal Batch(Open little, Open much, bool isCustomer) =>
        little.Left > much.Left && much.Left > 0 && little.Difference.Batches.Any(batch => batch.Value == much.Left) ? much.Left : 0;

    private static decimal Part(Open little, Open much, bool isCustomer) => isCustomer && little.Left < much.Left ? little.Left : 0;

    private static bool IsOtherCustomer(Open little, Open much) =>
        (little.Difference.Lane.Account, little.Difference.Lane.EventName) == (much.Difference.Lane.Account, much.Difference.Lane.EventName)
        && little.Difference.Lane.Customer != much.Difference.Lane.Customer
        && little.Difference.From < much.Difference.To && much.Difference.From < little.Difference.To;

    private static bool IsOtherDay(Open little, Open much) =>
        little.Difference.Lane.Id == much.Difference.Lane.Id && little.Difference.From.UtcDateTime.Date != much.Difference.From.UtcDateTime.Date;

    private static Finding Match(Open little, Open much, decimal amount, bool isCustomer)
    {
        little.Left -= amount;
        much.Left -= amount;
        var (kind, reason) = isCustomer
            ? (FindingKind.WrongCustomer, $"sent for customer {little.Difference.Lane.Customer}, counted for {much.Difference.Lane.Customer}")
            : (FindingKind.WrongDay, $"sent for {little.Difference.From:yyyy-MM-dd}, counted on {much.Difference.From:yyyy-MM-dd}");
        return About(kind, little, amount, reason) with { TooMuch = TooMuchOf(much, amount), Key = much.Difference.Key };
    }

    private static Finding Missing(Open one) => About(FindingKind.Missing, one, one.Left, "acknowledged by the sink and not counted");

    private static Finding Extra(Open one) => new(FindingKind.Extra, one.Left, "counted by the sink and never sent by us")
    {
        Key = one.Difference.Key, Unit = one.Difference.Lane.Unit, Customer = one.Difference.Lane.Customer, From = one.Difference.From, To = one.Difference.To,
        TooMuch = TooMuchOf(one, one.Left),
        Sources = [.. one.Difference.Batches.Select(batch => new FindingSource(Event: batch.Id, Amount: batch.Value))],
    };

    private static MeterDifference TooMuchOf(Open much, decimal amount) => much.Difference with { Seconds = amount };

    private static Finding About(FindingKind kind, Open little, decimal amount, string reason)
    {
        var batches = SentBatches.Explaining(little.Difference.Batches, amount);
        var which = batches is not null ? "" : little.Difference.Batches.Count == 0 ? "" : "; one or more of these batches";
        return new Finding(kind, amount, reason + which)
        {
            Unit = little.Difference.Lane.Unit, Customer = little.Difference.Lane.Customer, From = little.Difference.From, To = little.Difference.To,
            Proof = little.Difference.IsExact && batches is { Count: > 0 } ? SinkProof.Absent : SinkProof.None,
            Sources = [.. (batches ?? little.Difference.Batches).Select(batch => new FindingSource(Event: batch.Id, Amount: batch.Value))],
        };
    }

    private sealed class Open(MeterDifference difference)
    {
        public MeterDifference Difference { get; } = difference;

        public decimal Left { get; set; } = Math.Abs(difference.Seconds);
    }
}
