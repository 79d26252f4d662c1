namespace Orchestrator.Simulator.Demo;

/// <summary>What the demo is about: what the provider sent, what the ledger holds, what the tenant owes.</summary>
/// <param name="GeneratedMs">The largest count that the provider sent, by its own truth; where the gateway's clock counts, its final mark.</param>
/// <param name="RecordedMs">The sum of the ledger's ranges.</param>
/// <param name="Charge">Amount and currency, such as <c>0.10 USD</c>; null when nothing was charged.</param>
/// <param name="Flaw">What else does not add up, in a sentence; null when all does.</param>
internal sealed record DemoFigures(long GeneratedMs, long RecordedMs, string? Charge, string? Flaw = null)
{
    /// <summary>How far the gateway's clock may be from the provider's own span.</summary>
    private const long ToleranceMs = 250;

    /// <summary>Whether what was generated is what was recorded.</summary>
    public bool Agree => IsRecorded && Flaw is null;

    /// <summary>The last line of the demo.</summary>
    public string Verdict => (IsRecorded, Charge) switch
    {
        (true, _) when Flaw is not null => $"demo failed: {Flaw}",
        (true, _)     => $"demo ok: {Seconds(GeneratedMs)} s generated, {Seconds(RecordedMs)} s recorded, {Charge} charged",
        (false, null) => $"demo failed: the provider generated {Seconds(GeneratedMs)} s, but the session has no charge; {Seconds(RecordedMs)} s are in the ledger.",
        _             => $"demo failed: the provider generated {Seconds(GeneratedMs)} s, but the ledger holds {Seconds(RecordedMs)} s, "
            + $"{Seconds(Math.Abs(GeneratedMs - RecordedMs))} s too {(RecordedMs < GeneratedMs ? "few" : "many")}.",
    };

    private bool IsRecorded => GeneratedMs == RecordedMs && Charge is not null;

    /// <summary>The figures of a session that is over, and that its provider counted.</summary>
    public static DemoFigures Of(TruthSummary truth, SessionView session) => new(truth.MaxMilliseconds, Recorded(session), session.Charge?.Text);

    /// <summary>Those of one that the gateway's clock counted: its final mark as observers were told it, which must be what the provider was used for.</summary>
    public static DemoFigures OfGatewayClock(TruthSummary truth, SessionView session)
    {
        var markMs = session.ObservedMarkMs ?? throw new DemoException("Nobody observed the session, so its final mark is not known.");
        return new(markMs, Recorded(session), session.Charge?.Text, truth.SpanMilliseconds switch
        {
            null => "the simulator does not know how long it was used.",
            { } span when Math.Abs(span - markMs) > ToleranceMs =>
                $"the provider was used for {Seconds(span)} s from its answer to the end, but the gateway's clock counted {Seconds(markMs)} s.",
            _ => null,
        });
    }

    /// <summary>Milliseconds as seconds with three decimals.</summary>
    public static string Seconds(long milliseconds) => FormattableString.Invariant($"{milliseconds / 1000m:0.000}");

    private static long Recorded(SessionView session) =>
        (session.Generations ?? []).SelectMany(run => run.Ledger).Sum(range => (long)((range.To - range.From) * 1000));
}
