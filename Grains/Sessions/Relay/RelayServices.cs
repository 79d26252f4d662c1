using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Grains.Sessions.Policies;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>What every relay of the process shares.</summary>
public sealed class RelayServices(
    IOptions<RelayOptions> options,
    IGrains grains,
    IUpstreamDialer dialer,
    ProviderNames names,
    SessionRegistry registry,
    SessionJournal journal,
    MarkBook marks,
    Settlements settlements,
    BillingMetrics billing,
    SessionMetrics metrics,
    PolicyServices policies,
    TimeProvider time,
    ILogger<SessionRelay> logger)
{
    internal RelayOptions Options { get; } = options.Value;
    internal InFlightBudget Budget { get; } = new(options.Value.InFlightBytes, options.Value.MaxMessageBytes);
    internal RingBudget Rings { get; } = new(options.Value.RingsBytes);
    internal IGrains Grains { get; } = grains;
    internal IUpstreamDialer Dialer { get; } = dialer;
    internal ProviderNames Names { get; } = names;
    internal SessionRegistry Registry { get; } = registry;
    internal SessionJournal Journal { get; } = journal;
    internal MarkBook Marks { get; } = marks;
    internal Settlements Settlements { get; } = settlements;
    internal BillingMetrics Billing { get; } = billing;
    internal SessionMetrics Metrics { get; } = metrics;
    internal PolicyServices Policies { get; } = policies;
    internal TimeProvider Time { get; } = time;
    internal ILogger Logger { get; } = logger;
}
