using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>A sink whose process dies on its calls: before the request goes out, or after it arrived and before anybody knows.</summary>
internal sealed class CrashingSink(IUsageSink inner, bool afterwards, CancellationTokenSource death) : IUsageSink
{
    public SinkKind Kind => inner.Kind;

    public TimeSpan? MaxAge => inner.MaxAge;

    public string? Flaw(SinkAddress address) => inner.Flaw(address);

    public string Freeze(UsageToFreeze usage) => inner.Freeze(usage);

    public async Task<SendOutcome> SendAsync(FrozenUsage usage, CancellationToken cancellationToken)
    {
        if (afterwards)
            await inner.SendAsync(usage, CancellationToken.None);
        await death.CancelAsync();
        throw new OperationCanceledException(death.Token);
    }

    public Task<SendOutcome> CancelAsync(FrozenUsage usage, CancellationToken cancellationToken) => inner.CancelAsync(usage, cancellationToken);
}
