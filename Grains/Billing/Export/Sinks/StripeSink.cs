using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Stripe;
using MeterEvent = Orchestrator.Grains.Billing.Stripe.MeterEvent;

namespace Orchestrator.Grains.Billing.Export.Sinks;

/// <summary>Meter events of Stripe, with the tenant's key or the platform's.</summary>
public sealed class StripeSink(StripeMeterEvents stripe, StripeKeyRule keys, IOptions<StripeOptions> options) : IUsageSink
{
    /// <inheritdoc/>
    public SinkKind Kind => SinkKind.Stripe;

    /// <summary>Stripe takes 35 days; the last of them is for clocks, and for the attempts themselves.</summary>
    public TimeSpan? MaxAge { get; } = TimeSpan.FromDays(34);

    /// <inheritdoc/>
    public string? Flaw(SinkAddress address)
    {
        if (address.Account is { } account && !IsAccount(account))
            return "The account must be a connected account of Stripe's, such as acct_123.";
        return keys.Refusal(AccessOf(address).ApiKey) ?? EventOf(new UsageToFreeze(address, "v1:", Value: 1, DateTimeOffset.UnixEpoch)).Flaw();
    }

    /// <inheritdoc/>
    public string Freeze(UsageToFreeze usage) => EventOf(usage).Freeze().Form;

    /// <inheritdoc/>
    public async Task<SendOutcome> SendAsync(FrozenUsage usage, CancellationToken cancellationToken) =>
        StripeBody.Restore(usage.Body, usage.Sha256.Span) is { } body
            ? Read(await stripe.SendAsync(AccessOf(usage.Address), body, usage.Identifier, usage.KeyChanges, cancellationToken), usage)
            : new SendOutcome.Rejected("the body is not the one that was frozen");

    /// <inheritdoc/>
    public async Task<SendOutcome> CancelAsync(FrozenUsage usage, CancellationToken cancellationToken)
    {
        var cancellation = StripeMeterEvents.Cancellation(usage.Address.EventName, usage.Identifier);
        var key = StripeIdempotencyKey.Of(usage.Identifier + ":cancel", usage.KeyChanges);
        return Read(await stripe.CancelAsync(AccessOf(usage.Address), cancellation, key, cancellationToken), usage);
    }

    private static bool IsAccount(string account) =>
        account.Length is > 5 and <= 100 && account.StartsWith("acct_", StringComparison.Ordinal) && account.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private StripeAccess AccessOf(SinkAddress address) => new(address.Credential ?? options.Value.ApiKey, address.Account);

    private static MeterEvent EventOf(UsageToFreeze usage) => new(usage.Address.EventName, usage.Identifier, usage.Address.Customer, usage.Value, usage.At);

    private static SendOutcome Read(StripeOutcome outcome, FrozenUsage usage) => outcome switch
    {
        StripeOutcome.Accepted          => new SendOutcome.Accepted(),
        StripeOutcome.Duplicate         => new SendOutcome.Duplicate(usage.Identifier),
        StripeOutcome.Retry retry       => new SendOutcome.Retry(retry.After, retry.Unknown, retry.NewKey, retry.Cause),
        StripeOutcome.Rejected rejected => new SendOutcome.Rejected($"{rejected.Status} {rejected.Code}: {rejected.Message}"),
        _                               => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "No one reads it."),
    };
}
