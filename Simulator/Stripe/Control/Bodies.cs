using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Faults;

namespace Orchestrator.Simulator.Stripe.Control;

/// <summary><c>GET /control/stripe</c>.</summary>
internal sealed record StripeView(
    DateTimeOffset Now, StripeCounts Counts, StripeSettings Settings, IReadOnlyList<string> Accounts, IReadOnlyList<string> ContractViolations, IReadOnlyList<string> PendingEvents)
{
    public static StripeView Of(FakeStripe stripe) =>
        new(stripe.Clock.Now, stripe.Counts, stripe.Settings, stripe.Accounts, stripe.ContractViolations, stripe.Webhooks.Pending);
}

/// <summary>What was made.</summary>
internal sealed record Made(string Id);

/// <summary>Part of a list, and the number to go on after.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Data, long Next);

/// <summary>An account with a key of its own, or one that a platform's key acts for, or both.</summary>
internal sealed record AccountSeed(string Id, string? Key = null, string? Platform = null)
{
    public void Apply(FakeStripe stripe)
    {
        if (Key is null && Platform is null)
            throw new ArgumentException("An account has a key or a platform.", nameof(stripe));
        if (Platform is not null)
            stripe.Connect(Id, Platform);
        if (Key is not null)
            stripe.AddAccount(Id, Key);
    }
}

internal sealed record MeterSeed(string EventName, string Account = StripeOptions.DefaultAccount, string Formula = "sum", string? Window = null);

internal sealed record CustomerSeed(string Id, string Account = StripeOptions.DefaultAccount);

/// <summary>One of them: an instant to go on from, one to stand still at, or a jump.</summary>
internal sealed record ClockChange(DateTimeOffset? Now = null, DateTimeOffset? Frozen = null, TimeSpan? Advance = null)
{
    public void Apply(StripeClock clock)
    {
        if (Now is { } now)
            clock.Set(now);
        if (Frozen is { } at)
            clock.Freeze(at);
        if (Advance is { } span)
            clock.Advance(span);
    }
}

internal sealed record FaultSeed(IReadOnlyList<StripeFaultRule> Rules, int? Seed = null)
{
    public void Apply(FaultPlan plan)
    {
        if (Seed is { } seed)
            plan.Seed(seed);
        foreach (var rule in Rules)
            plan.Add(rule);
    }
}

internal sealed record FailureSeed(string Identifier, string Code = "meter_event_customer_not_found", string Account = StripeOptions.DefaultAccount)
{
    public void Apply(FakeStripe stripe)
    {
        if (!stripe.Fail(Identifier, Code, Account))
            throw new ArgumentException($"There is no event {Identifier}.", nameof(stripe));
    }
}

internal sealed record EventSeed(string Type, JsonObject Snapshot, string Account = StripeOptions.DefaultAccount);

/// <summary>Ids in the order of delivery, as often as they are named; null is whatever is pending.</summary>
internal sealed record DeliveryOrder(IReadOnlyList<string>? EventIds = null);
