namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeSummaryTests : StripeTest
{
    private string Summaries(DateTimeOffset start, DateTimeOffset end, string more = "") =>
        $"/v1/billing/meters/{MeterId}/event_summaries?customer=cus_1&end_time={Unix(end)}&start_time={Unix(start)}{more}";

    [Fact]
    public async Task A_summary_counts_from_its_start_up_to_but_not_with_its_end()
    {
        await SendEventAsync("before", "1", at: Noon.AddMinutes(-2).AddSeconds(-1));
        await SendEventAsync("start", "10", at: Noon.AddMinutes(-2));
        await SendEventAsync("inside", "1.50", at: Noon.AddMinutes(-1));
        await SendEventAsync("end", "1000", at: Noon);
        await SendEventAsync("another's", "5000", customer: "cus_2", at: Noon.AddMinutes(-1));

        var reply = await GetAsync(Summaries(Noon.AddMinutes(-2), Noon));

        Assert.Equal([11.5m], reply.Values);
        Assert.Contains("\"aggregated_value\":11.5,", reply.Text, StringComparison.Ordinal);
        Assert.Equal([0m], (await GetAsync(Summaries(Noon.AddMinutes(-20), Noon.AddMinutes(-10)))).Values);
    }

    [Theory]
    [InlineData(1, 60, "", "start_time")]
    [InlineData(0, 61, "", "end_time")]
    [InlineData(60, 3600, "&value_grouping_window=hour", "start_time")]
    [InlineData(0, 3600, "&value_grouping_window=day", "start_time")]
    [InlineData(60, 60, "", "end_time")]
    [InlineData(0, 60, "&limit=101", "limit")]
    public async Task Its_bounds_are_aligned(int start, int end, string more, string param)
    {
        var reply = await GetAsync(Summaries(Noon.AddSeconds(start), Noon.AddSeconds(end), more));

        Assert.Equal((400, param), (reply.Status, reply.Error("param")));
        Assert.Single(Stripe.ContractViolations);
    }

    [Fact]
    public async Task Hours_and_days_come_one_by_one_newest_first_in_pages()
    {
        var midnight = Noon.AddHours(-12);
        foreach (var hour in new[] { -1, 0, 1, 3 })
            await SendEventAsync($"gen:{hour}", $"{hour + 2}", at: midnight.AddHours(hour));

        var first = await GetAsync(Summaries(midnight.AddDays(-1), midnight.AddDays(1), "&value_grouping_window=hour&limit=3"));
        var last = first.Json.GetProperty("data")[2].GetProperty("id").GetString();
        var second = await GetAsync(Summaries(midnight.AddDays(-1), midnight.AddDays(1), $"&value_grouping_window=hour&limit=3&starting_after={last}"));
        var days = await GetAsync(Summaries(midnight.AddDays(-1), midnight.AddDays(1), "&value_grouping_window=day"));

        Assert.Equal([5m, 3m, 2m], first.Values);
        Assert.Equal([1m], second.Values);
        Assert.Equal((true, false), (first.Json.GetProperty("has_more").GetBoolean(), second.Json.GetProperty("has_more").GetBoolean()));
        Assert.Equal(Unix(midnight.AddHours(3)), first.Json.GetProperty("data")[0].GetProperty("start_time").GetInt64());
        Assert.Equal([10m, 1m], days.Values);
        Assert.Equal(
            [(new DateOnly(2025, 12, 31), 1m), (new DateOnly(2026, 1, 1), 10m)],
            Stripe.Sums(byDay: true).OrderBy(sum => sum.Day).Select(sum => (sum.Day!.Value, sum.Total)));
    }

    [Fact]
    public async Task An_event_shows_only_after_the_lag_of_the_virtual_clock()
    {
        Stripe.Settings = new() { SummaryLag = TimeSpan.FromMinutes(30) };
        await SendEventAsync("gen:1", at: Noon.AddMinutes(-1));

        Stripe.Clock.Freeze(Noon.AddMinutes(30).AddSeconds(-1));
        Assert.Equal([0m], (await GetAsync(Summaries(Noon.AddMinutes(-1), Noon))).Values);
        Stripe.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([12m], (await GetAsync(Summaries(Noon.AddMinutes(-1), Noon))).Values);
    }

    [Theory]
    [InlineData("count", null, 3)]
    [InlineData("last", null, 5)]
    [InlineData("sum", "hour", 7)]
    public async Task A_meter_aggregates_by_its_formula_and_its_window_keeps_the_latest(string formula, string? window, int expected)
    {
        var meter = Stripe.AddMeter("other", formula: formula, window: window);
        foreach (var (i, (value, hours)) in new[] { (5, 0), (1, -2), (2, -2) }.Index())
            await PostAsync(Events, Form($"gen:{i}", $"{value}", at: Noon.AddHours(hours), eventName: "other"));

        var reply = await GetAsync($"/v1/billing/meters/{meter}/event_summaries?customer=cus_1&start_time={Unix(Noon.AddDays(-1))}&end_time={Unix(Noon.AddDays(1))}");

        Assert.Equal([expected], reply.Values);
    }

    [Fact]
    public async Task A_cancelled_event_counts_no_more_and_its_identifier_stays_taken()
    {
        await SendEventAsync("gen:1", at: Noon.AddMinutes(-1));

        var cancelled = await CancelAsync("gen:1");

        Assert.Equal((200, "pending"), (cancelled.Status, cancelled.Json.GetProperty("status").GetString()));
        Assert.Equal([0m], (await GetAsync(Summaries(Noon.AddMinutes(-1), Noon))).Values);
        Assert.Empty(Stripe.Sums());
        Assert.Equal(400, (await CancelAsync("gen:1")).Status);
        Assert.Equal("An event already exists with identifier gen:1.", (await SendEventAsync("gen:1", key: "again")).Error("message"));
        Assert.True(Assert.Single(Stripe.Events).Cancelled);
    }

    [Fact]
    public async Task An_event_can_be_cancelled_for_24_hours_after_its_receipt()
    {
        await SendEventAsync("gen:1");
        await SendEventAsync("gen:2");

        Stripe.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await CancelAsync("gen:1")).Status);
        Stripe.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((400, "cancel[identifier]"), await CancelAsync("gen:2") is var late ? (late.Status, late.Error("param")) : default);
        Assert.Equal(400, (await CancelAsync("gen:none")).Status);
    }

    private Task<StripeReply> CancelAsync(string identifier) =>
        PostAsync("/v1/billing/meter_event_adjustments", $"cancel[identifier]={Uri.EscapeDataString(identifier)}&event_name=gen_seconds&type=cancel");
}
