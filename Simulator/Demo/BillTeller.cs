namespace Orchestrator.Simulator.Demo;

/// <summary>How a session's ledger rows and charge read in the story.</summary>
internal static class BillTeller
{
    /// <summary>What the provider says of itself, and where it does not count, what the gateway's clock made of it.</summary>
    public static string Truth(TruthSummary truth, DemoFigures figures, bool isMeteredByGateway) => isMeteredByGateway
        ? $"The provider's truth: {DemoFigures.Seconds(truth.SpanMilliseconds ?? 0)} s from its answer to the end; "
            + $"the gateway's clock counted {DemoFigures.Seconds(figures.GeneratedMs)} s."
        : $"The provider's truth: {truth.Ticks} ticks sent, {DemoFigures.Seconds(truth.MaxMilliseconds)} s generated.";

    /// <summary>A line for each ledger row, and one for each run's price.</summary>
    public static IEnumerable<string> Lines(SessionView session)
    {
        foreach (var run in session.Generations ?? [])
        {
            foreach (var row in run.Ledger)
                yield return FormattableString.Invariant($"Ledger row: run {run.Run}, from {row.From:0.000} to {row.To:0.000} s.");
            if (run.Price is { } price)
                yield return $"Price locked by run {run.Run}: {Rate(price)} {session.Charge?.Currency} a second, rounded {Rounding(price)}.";
        }
    }

    /// <summary>What the session's own tenant pays.</summary>
    public static string Charge(SessionView session) => session.Charge is { } charge ? $"Charge: {charge.Text}." : "Charge: none.";

    private static string Rate(SessionView.LockedPrice price) => FormattableString.Invariant($"{price.MicrosPerSecond / 1_000_000m:0.00##########}");

    private static string Rounding(SessionView.LockedPrice price) =>
        (price.Rounding == "floor" ? "down" : "up") + (price.StepSeconds == 1 ? " to whole seconds" : $" to steps of {price.StepSeconds} s");
}
