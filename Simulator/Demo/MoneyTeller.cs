namespace Orchestrator.Simulator.Demo;

/// <summary>How a session's money reads in the story.</summary>
internal static class MoneyTeller
{
    /// <summary>The charge at each level, the margins, the hold, and what Stripe acknowledged.</summary>
    public static IEnumerable<string> Lines(SessionMoney money)
    {
        var (own, above) = (money.Own, money.Above);
        var (paid, bought) = (own.MicrosOf(money.Customer), above.MicrosOf(money.Reseller));
        string Words(long micros) => Amount.Words(micros, own.Currency);

        yield return $"Charge: the customer pays {Words(paid)} ({money.Seconds} s at {own.RatesOf(money.Customer)}), "
            + $"the reseller pays {Words(bought)} ({above.SecondsOf(money.Reseller)} s at {above.RatesOf(money.Reseller)})"
            + (money.Platform is { } costs ? $", the platform pays the provider {Words(costs.Cost.Micros)} ({costs.Cost.Seconds} s)." : ".");
        yield return $"Margin: the reseller keeps {Words(paid - bought)}" + (money.Platform is { } earns ? $", the platform {Words(earns.MarginMicros)}." : ".");
        yield return Hold(money);
        foreach (var export in above.Exports)
        {
            foreach (var accepted in money.Accepted.Where(one => one.Identifier == export.Identifier))
                yield return Acknowledged(accepted, export, money.Accepted.Count(one => one.Identifier == export.Identifier));
        }
    }

    private static string Hold(SessionMoney money)
    {
        var authorised = money.Own.Runs.Max(run => run.AuthorisedSeconds) is { } seconds
            ? FormattableString.Invariant($"the wallet had authorised {seconds:0.###} s")
            : "no wallet had to authorise anything";
        var left = money.Wallet.Available is { } available ? $"; {available.Text} of prepaid credit are left" : "";
        return $"Hold: {authorised}, {Amount.Words(money.Own.MicrosOf(money.Customer), money.Own.Currency)} were taken and the rest released{left}.";
    }

    private static string Acknowledged(StripeEvent accepted, ChargeView.Exported export, int times)
    {
        var others = accepted.Value > export.Seconds ? $", {export.Seconds} of them this session's" : "";
        return FormattableString.Invariant($"Stripe acknowledged {accepted.EventName} {accepted.Value:0.###}{others} for {accepted.Customer} of {accepted.Account} ")
            + $"as {accepted.Identifier} (accepted {(times == 1 ? "once" : $"{times} times")}).";
    }
}
