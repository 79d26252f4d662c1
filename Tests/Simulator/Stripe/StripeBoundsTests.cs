using Orchestrator.Simulator.Stripe;
using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeBoundsTests : StripeTest
{
    protected override StripeOptions Options => new() { MaxEvents = 3, MaxRequests = 2, MaxIdempotencyKeys = 1, MaxViolations = 1 };

    [Fact]
    public async Task Beyond_the_bound_of_events_nothing_is_accepted_and_it_is_loud()
    {
        foreach (var i in Enumerable.Range(1, 3))
            Assert.Equal(200, (await SendEventAsync($"gen:{i}")).Status);

        Assert.Equal(500, (await SendEventAsync("gen:4")).Status);

        Assert.Equal((3, 1), (Stripe.Counts.Accepted, Stripe.Counts.Overflowed));
        Assert.Equal("The simulator keeps no more than 3 meter events.", Assert.Single(Stripe.ContractViolations));
    }

    [Fact]
    public async Task The_log_keeps_the_newest_and_goes_on_counting()
    {
        foreach (var i in Enumerable.Range(1, 3))
            await SendEventAsync($"gen:{i}");

        Assert.Equal([(2, "gen:2"), (3, "gen:3")], Stripe.Requests.Select(request => (request.Number, request.Identifier)));
        Assert.Equal("gen:3", Assert.Single(Stripe.ReadRequests(2, 10)).Identifier);
        Assert.Equal("gen:2", Assert.Single(Stripe.ReadRequests(0, 1)).Identifier);
    }

    [Fact]
    public async Task A_key_forgotten_too_early_is_counted_and_the_identifier_still_protects()
    {
        await SendEventAsync("gen:1");
        await SendEventAsync("gen:2");

        Assert.Equal("An event already exists with identifier gen:1.", (await SendEventAsync("gen:1")).Error("message"));
        Assert.Equal(2, Stripe.Counts.KeysForgotten);
    }

    [Fact]
    public async Task Violations_are_all_counted_and_the_first_are_kept()
    {
        await GetAsync("/v1/nothing");
        await GetAsync("/v1/something");

        Assert.StartsWith("GET /v1/nothing", Assert.Single(Stripe.ContractViolations), StringComparison.Ordinal);
        Assert.Equal(2, Stripe.Counts.ContractViolations);
    }

    [Fact]
    public void A_store_of_many_events_finds_each_by_its_identifier_and_the_newest_of_two()
    {
        var store = new EventStore();
        for (var i = 0; i < 20_000; i++)
            store.Add(new() { Account = 1 + (i % 2), EventName = 3, Customer = 4 + (i % 7), Value = i }, $"v1:01234567:é{i}");

        var again = store.Add(new() { Account = 1, EventName = 3, Customer = 4, Value = -1 }, "v1:01234567:é10");

        Assert.All(Enumerable.Range(0, 20_000).Where(i => i != 10), i => Assert.Equal(i, store.Find(1 + (i % 2), $"v1:01234567:é{i}")));
        Assert.Equal((again, null, "v1:01234567:é19999"), (store.Find(1, "v1:01234567:é10"), store.Find(2, "v1:01234567:é10"), store.IdentifierOf(19_999)));
        Assert.Equal(20_001, store.Lanes.Values.Sum(lane => lane.Count));
    }
}
