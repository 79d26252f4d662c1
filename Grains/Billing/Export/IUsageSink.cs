using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>What a target sends to.</summary>
public enum SinkKind
{
    /// <summary>Meter events of Stripe.</summary>
    Stripe,
    /// <summary>CloudEvents over HTTP, in the shape that OpenMeter reads.</summary>
    CloudEvents,
    /// <summary>Lines of JSON in a file.</summary>
    File,
}

/// <summary>Where a batch goes.</summary>
/// <param name="Tenant">Whose usage it is.</param>
/// <param name="EventName">What the sink calls it; a meter has one.</param>
/// <param name="Customer">What the sink calls the one who used it.</param>
public sealed record SinkAddress(TenantId Tenant, string EventName, string Customer)
{
    /// <summary>What it counts there.</summary>
    public UsageUnit Unit { get; init; }

    /// <summary>The account that the credential acts for, where it is not its own.</summary>
    public string? Account { get; init; }

    /// <summary>An address, or the name of a file.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The tenant's own credential; null for the installation's.</summary>
    public Secret? Credential { get; init; }
}

/// <summary>Usage to be frozen into a body.</summary>
/// <param name="Address">Where they go.</param>
/// <param name="Identifier">What the sink will know them by, for good.</param>
/// <param name="Value">Whole units of the address, at least one.</param>
/// <param name="At">A whole second within what they cover.</param>
public sealed record UsageToFreeze(SinkAddress Address, string Identifier, long Value, DateTimeOffset At);

/// <summary>A frozen batch to be sent.</summary>
/// <param name="Address">Where it goes.</param>
/// <param name="Identifier">The one in the body.</param>
/// <param name="Body">As it was frozen, byte for byte.</param>
/// <param name="Sha256">The hash it was frozen under.</param>
/// <param name="KeyChanges">How often an outcome asked for another key in the header.</param>
/// <param name="At">The instant in the body.</param>
public sealed record FrozenUsage(SinkAddress Address, string Identifier, string Body, ReadOnlyMemory<byte> Sha256, int KeyChanges, DateTimeOffset At);

/// <summary>
/// One kind of place where usage goes. What goes wrong on the way is an outcome too; it throws for cancellation alone, and then
/// nobody knows what became of the attempt.
/// </summary>
public interface IUsageSink
{
    /// <summary>Which kind.</summary>
    SinkKind Kind { get; }

    /// <summary>How old an instant it takes; null when it does not mind.</summary>
    TimeSpan? MaxAge { get; }

    /// <summary>What would keep this sink from taking anything for that address, as a sentence; null when all is well.</summary>
    string? Flaw(SinkAddress address);

    /// <summary>The body, written once for all attempts. It holds no credential.</summary>
    string Freeze(UsageToFreeze usage);

    /// <summary>One attempt.</summary>
    Task<SendOutcome> SendAsync(FrozenUsage usage, CancellationToken cancellationToken);

    /// <summary>Asks for a batch back that was sent within the last day.</summary>
    Task<SendOutcome> CancelAsync(FrozenUsage usage, CancellationToken cancellationToken);
}
