using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeIdempotencyTests : StripeTest
{
    [Fact]
    public async Task The_same_request_under_the_same_key_gets_the_first_answer_again()
    {
        var first = await SendEventAsync("gen:1");
        Stripe.Clock.Advance(TimeSpan.FromHours(23));
        var again = await SendEventAsync("gen:1");

        Assert.Equal((200, first.Text, "true"), (again.Status, again.Text, again.Header("Idempotent-Replayed")));
        Assert.Equal((1, 1, 0), (Stripe.Counts.Accepted, Stripe.Counts.Replays, Stripe.Counts.Duplicates));
    }

    [Fact]
    public async Task After_24_hours_neither_key_nor_identifier_protects()
    {
        await SendEventAsync("gen:1");
        Stripe.Clock.Advance(TimeSpan.FromHours(24));
        await SendEventAsync("gen:1");

        Assert.Equal(24, Assert.Single(Stripe.Sums()).Total);
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_refused()
    {
        await SendEventAsync("gen:1", key: "k");
        var other = await SendEventAsync("gen:2", key: "k");

        Assert.Equal((400, "idempotency_error"), (other.Status, other.Error("type")));
        Assert.Equal((1, 1), (Stripe.Counts.Accepted, Stripe.Counts.KeyMismatches));
    }

    [Fact]
    public async Task A_stored_error_500_is_given_again_until_the_key_is_another()
    {
        Stripe.Faults.Next(StripeFaultKind.ErrorBeforeCommit);

        Assert.Equal(500, (await SendEventAsync("gen:1")).Status);
        var replayed = await SendEventAsync("gen:1");
        Assert.Equal((500, "api_error", "true"), (replayed.Status, replayed.Error("type"), replayed.Header("Idempotent-Replayed")));
        Assert.Equal(200, (await SendEventAsync("gen:1", key: "rotated")).Status);
        Assert.Equal(1, Stripe.Counts.Accepted);
    }

    [Fact]
    public async Task What_was_refused_before_it_was_carried_out_is_not_stored()
    {
        Assert.Equal(400, (await PostAsync(Events, Form("gen:1", value: "none"), key: "k")).Status);

        Stripe.Faults.Next(StripeFaultKind.Conflict, StripeFaultKind.RateLimited, StripeFaultKind.LockTimeout);
        Assert.Equal(409, (await SendEventAsync("gen:1", key: "k")).Status);
        Assert.Equal(429, (await SendEventAsync("gen:1", key: "k")).Status);
        Assert.Equal(429, (await SendEventAsync("gen:1", key: "k")).Status);
        Assert.Equal(200, (await SendEventAsync("gen:1", key: "k")).Status);
    }

    [Fact]
    public async Task A_second_request_under_a_key_at_work_is_a_conflict()
    {
        Stripe.Settings = new() { Latency = TimeSpan.FromSeconds(5) };
        var first = PostAsync("/v1/customers", "name=Ada", key: "k");
        await Eventually.IsAsync("the first request waits", () => Task.FromResult(Time.ArmedTimers == 1));

        var second = await PostAsync("/v1/customers", "name=Ada", key: "k");
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((409, "idempotency_error", "idempotency_key_in_use"), (second.Status, second.Error("type"), second.Error("code")));
        Assert.Equal(200, (await first).Status);
        Assert.Equal(1, Stripe.Counts.KeyConflicts);
    }
}
