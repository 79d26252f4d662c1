using Orchestrator.Simulator.Stripe;
using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeFaultTests : StripeTest
{
    [Fact]
    public async Task Two_calls_at_once_for_a_customer_and_meter_are_a_conflict_and_counted()
    {
        Stripe.Settings = new() { Latency = TimeSpan.FromSeconds(5) };
        var first = SendEventAsync("gen:1");
        await Eventually.IsAsync("the first call waits", () => Task.FromResult(Time.ArmedTimers == 1));
        var other = SendEventAsync("gen:2", customer: "cus_2");
        await Eventually.IsAsync("the call for the other customer waits beside it", () => Task.FromResult(Time.ArmedTimers == 2));

        var second = await SendEventAsync("gen:3");
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((409, "invalid_request_error", "lock_timeout"), (second.Status, second.Error("type"), second.Error("code")));
        Assert.Equal((200, 200), ((await first).Status, (await other).Status));
        Assert.Equal(1, Stripe.Counts.ConcurrencyConflicts);
        Stripe.Settings = new();
        Assert.Equal(200, (await SendEventAsync("gen:3")).Status);
    }

    public static TheoryData<StripeFaultKind, int, int> Answers => new()
    {
        // fault                             status  events
        { StripeFaultKind.ErrorBeforeCommit, 500,    0 },
        { StripeFaultKind.ErrorAfterCommit,  500,    1 },
        { StripeFaultKind.Conflict,          409,    0 },
        { StripeFaultKind.RateLimited,       429,    0 },
        { StripeFaultKind.LockTimeout,       429,    0 },
        { StripeFaultKind.Reject,            400,    0 },
        { StripeFaultKind.FailLater,         200,    1 },
        { StripeFaultKind.Pass,              200,    1 },
    };

    [Theory, MemberData(nameof(Answers))]
    public async Task A_planned_fault_meets_the_next_request(StripeFaultKind kind, int status, int events)
    {
        Stripe.Faults.Next(kind);

        Assert.Equal(status, (await SendEventAsync("gen:1")).Status);

        Assert.Equal(events, Stripe.Events.Count);
        Assert.Equal(kind is StripeFaultKind.Pass ? null : kind, Assert.Single(Stripe.Requests).Fault);
        Assert.Empty(Stripe.Faults.Rules);
        Assert.Equal(200, (await SendEventAsync("gen:2")).Status);
    }

    [Theory]
    [InlineData(StripeFaultKind.DropBeforeCommit, 0, false)]
    [InlineData(StripeFaultKind.DropAfterCommit, 1, true)]
    public async Task A_dropped_connection_breaks_the_socket_before_or_after_the_work(StripeFaultKind kind, int events, bool isReplayed)
    {
        Stripe.Faults.Next(kind);

        await Assert.ThrowsAsync<HttpRequestException>(() => SendEventAsync("gen:1"));
        Assert.Equal(events, Stripe.Events.Count);
        var again = await SendEventAsync("gen:1");

        Assert.Equal((200, isReplayed), (again.Status, again.Header("Idempotent-Replayed") is "true"));
        Assert.Single(Stripe.Events);
        Assert.Equal([0, 200], Stripe.Requests.Select(request => request.Status));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(7, "endpoint-rate")]
    public async Task A_rate_limit_says_why_and_may_say_until_when(int? retryAfter, string? reason)
    {
        Stripe.Faults.Add(new(new(StripeFaultKind.RateLimited, RetryAfter: retryAfter, Reason: reason)));

        var reply = await SendEventAsync("gen:1");

        Assert.Equal((429, "rate_limit"), (reply.Status, reply.Error("code")));
        Assert.Equal((retryAfter?.ToString(), reason ?? "global-rate"), (reply.Header("Retry-After"), reply.Header("Stripe-Rate-Limited-Reason")));
    }

    [Fact]
    public async Task A_lock_timeout_gives_no_reason_and_a_fault_may_say_whether_to_try_again()
    {
        Stripe.Faults.Add(new(new(StripeFaultKind.LockTimeout, ShouldRetry: true)));
        Stripe.Faults.Add(new(new(StripeFaultKind.ErrorBeforeCommit, ShouldRetry: false)));

        var locked = await SendEventAsync("gen:1");
        var failed = await SendEventAsync("gen:1");

        Assert.Equal((429, "lock_timeout", null, "true"), (locked.Status, locked.Error("code"), locked.Header("Stripe-Rate-Limited-Reason"), locked.Header("Stripe-Should-Retry")));
        Assert.Equal((500, "false"), (failed.Status, failed.Header("Stripe-Should-Retry")));
        Assert.Equal("false", (await SendEventAsync("gen:1")).Header("Stripe-Should-Retry"));
    }

    [Fact]
    public async Task A_real_limit_refuses_what_is_too_fast_until_the_next_second()
    {
        Stripe.Settings = new() { RequestsPerSecond = 2 };

        var statuses = new List<int>();
        for (var i = 0; i < 3; i++)
            statuses.Add((await SendEventAsync($"gen:{i}")).Status);
        Time.Advance(TimeSpan.FromSeconds(1));
        statuses.Add((await SendEventAsync("gen:4")).Status);

        Assert.Equal([200, 200, 429, 200], statuses);
        Assert.Equal(1, Stripe.Counts.RateLimited);
    }

    [Fact]
    public async Task A_slow_answer_comes_after_its_delay()
    {
        Stripe.Faults.Add(new(new(StripeFaultKind.Slow, Delay: TimeSpan.FromMinutes(1))));
        var slow = SendEventAsync("gen:1");
        await Eventually.IsAsync("the slow one waits", () => Task.FromResult(Time.ArmedTimers == 1));
        Assert.False(slow.IsCompleted);

        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(200, (await slow).Status);
    }

    [Fact]
    public async Task A_rule_may_choose_path_account_customer_and_event_name()
    {
        Stripe.Faults.Add(new(new(StripeFaultKind.Reject, Code: "poison", Message: "No."), Count: null, Path: "/meter_events", Customer: "cus_2"));

        Assert.Equal(200, (await SendEventAsync("gen:1")).Status);
        Assert.Equal((400, "poison", "No."), await SendEventAsync("gen:2", customer: "cus_2") is var reply ? (reply.Status, reply.Error("code"), reply.Error("message")) : default);
        Assert.Equal(400, (await SendEventAsync("gen:3", customer: "cus_2")).Status);
        Assert.Equal(200, (await GetAsync("/v1/customers/cus_2")).Status);
    }

    [Fact]
    public async Task Faults_by_chance_fall_alike_for_the_same_seed()
    {
        var (first, second) = (await RunAsync("a"), await RunAsync("b"));

        Assert.Equal(first, second);
        Assert.InRange(first.Count(status => status == 409), 1, 39);

        async Task<int[]> RunAsync(string prefix)
        {
            Stripe.Faults.Clear();
            Stripe.Faults.Seed(42);
            Stripe.Faults.Add(new(new(StripeFaultKind.Conflict), Count: null, Probability: 0.3));
            var statuses = new int[40];
            for (var i = 0; i < statuses.Length; i++)
                statuses[i] = (await SendEventAsync($"{prefix}:{i}")).Status;
            return statuses;
        }
    }

    [Fact]
    public async Task The_log_shows_that_a_resend_was_the_same_bytes_and_shows_no_secret()
    {
        Stripe.Faults.Next(StripeFaultKind.DropBeforeCommit);
        await Assert.ThrowsAsync<HttpRequestException>(() => SendEventAsync("gen:1"));
        await SendEventAsync("gen:1");
        await SendEventAsync("gen:2");

        var log = Stripe.Requests;

        Assert.Equal(["gen:1", "gen:1", "gen:2"], log.Select(request => request.Identifier));
        Assert.Equal(["gen:1", "gen:1", "gen:2"], log.Select(request => request.IdempotencyKey));
        Assert.Equal((log[0].BodySha256, 64), (log[1].BodySha256, log[0].BodySha256.Length));
        Assert.NotEqual(log[0].BodySha256, log[2].BodySha256);
        Assert.DoesNotContain(log, request => request.ToString().Contains(StripeOptions.DefaultKey, StringComparison.Ordinal));
    }
}
