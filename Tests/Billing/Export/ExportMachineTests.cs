using Orchestrator.Domain.Billing;
using static Orchestrator.Domain.Billing.ExportState;

namespace Orchestrator.Tests.Billing.Export;

public class ExportMachineTests
{
    private const string Ours = "v1:0123abcd:0190";

    private static readonly SendOutcome Ok = new SendOutcome.Accepted();
    private static readonly SendOutcome Busy = new SendOutcome.Retry(null, IsUnknown: false, NewKey: false, "HTTP 429");
    private static readonly SendOutcome Broken = new SendOutcome.Retry(null, IsUnknown: true, NewKey: false, "HTTP 500");
    private static readonly SendOutcome Replayed = new SendOutcome.Retry(null, IsUnknown: true, NewKey: true, "HTTP 500, replayed");
    private static readonly SendOutcome No = new SendOutcome.Rejected("no such customer");

    public static TheoryData<ExportState, SendOutcome, ExportStep> Outcomes => new()
    {
        { Sending,    Ok,                                          new(Sent) },
        { Sending,    new SendOutcome.Duplicate(Ours),             new(Sent) { IsDuplicate = true } },
        { Sending,    new SendOutcome.Duplicate(Ours + "0"),       new(Rejected) { Error = $"the sink names a duplicate of {Ours}0" } },
        { Sending,    No,                                          new(Rejected) { Error = "no such customer" } },
        { Sending,    Busy,                                        new(Pending, Half(1)) { Error = "HTTP 429" } },
        { Sending,    Broken,                                      new(Pending, Half(1)) { Error = "HTTP 500", IsUnknown = true } },
        { Sending,    Replayed,                                    new(Pending, Half(1)) { Error = "HTTP 500, replayed", IsUnknown = true, NewKey = true } },
        { Cancelling, Ok,                                          new(Cancelled) },
        { Cancelling, No,                                          new(Sent) { Error = "no such customer" } },
        { Cancelling, Broken,                                      new(Cancelling, Half(1)) { Error = "HTTP 500", IsUnknown = true } },
    };

    [Theory, MemberData(nameof(Outcomes))]
    public void An_outcome_decides(ExportState state, SendOutcome outcome, ExportStep step) =>
        Assert.Equal(step, ExportMachine.After(new ExportAttempt(state, Ours, Attempts: 1, UnknownFor: null, TimeSpan.Zero), outcome, jitter: 0.5));

    [Theory]
    [InlineData(Pending, null, 0, null, null)]
    [InlineData(Pending, 22.99, 23, null, null)]
    [InlineData(Pending, 23.0, 23, null, Uncertain)]
    [InlineData(Sending, 23.0, 23, null, Uncertain)]
    [InlineData(Sending, 22.99, 23, null, null)]
    [InlineData(Pending, null, 34 * 24 - 1, null, null)]
    [InlineData(Pending, null, 34 * 24 + 1, null, Rejected)]
    [InlineData(Cancelling, null, 22, 22.0, null)]
    [InlineData(Cancelling, null, 23, 23.0, Sent)]
    [InlineData(Cancelling, 1.0, 23, 23.0, Uncertain)]
    public void Time_stands_against_an_attempt(ExportState state, double? unknownHours, double ageHours, double? sentHours, ExportState? next)
    {
        var attempt = new ExportAttempt(state, Ours, Attempts: 3, Hours(unknownHours), TimeSpan.FromHours(ageHours), Hours(sentHours));

        Assert.Equal(next, ExportMachine.Before(attempt, TimeSpan.FromDays(34))?.Next);
    }

    [Fact]
    public void A_wish_that_may_have_been_granted_is_for_reconciliation_when_it_is_refused_later()
    {
        var attempt = new ExportAttempt(Cancelling, Ours, Attempts: 2, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromHours(1));

        Assert.Equal(Uncertain, ExportMachine.After(attempt, No, jitter: 0).Next);
    }

    [Theory]
    [InlineData(1, null, 0.0, 0)]
    [InlineData(1, null, 0.5, 500)]
    [InlineData(4, null, 0.5, 4_000)]
    [InlineData(9, null, 0.5, 128_000)]
    [InlineData(10, null, 0.5, 150_000)]
    [InlineData(1_000, null, 0.999, 299_700)]
    [InlineData(5, 3, 0.5, 3_500)]
    [InlineData(1, 86_400, 0.0, 3_600_000)]
    [InlineData(2, -5, 0.5, 1_000)]
    public void A_wait_is_a_random_share_that_doubles_or_what_was_asked_for(int attempts, int? askedSeconds, double jitter, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Backoff.Delay(attempts, askedSeconds is { } s ? TimeSpan.FromSeconds(s) : null, jitter));

    private static TimeSpan Half(int seconds) => TimeSpan.FromSeconds(seconds) / 2;

    private static TimeSpan? Hours(double? hours) => hours is { } h ? TimeSpan.FromHours(h) : null;
}
