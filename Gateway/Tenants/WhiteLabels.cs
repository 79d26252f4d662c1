using Microsoft.Extensions.Caching.Memory;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Providers.Labelling;

namespace Orchestrator.Gateway.Tenants;

/// <summary>
/// What the clients of a tenant see of it: its words and its media host. A session asks for them, so they are remembered for a moment;
/// while nobody answers, what was last known counts.
/// </summary>
internal sealed partial class WhiteLabels(SettingsOfPath settings, TimeProvider time, ILogger<WhiteLabels> logger) : IDisposable
{
    /// <summary>How long a change may take to show.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);

    /// <summary>For how long what was last known is kept for when nobody answers.</summary>
    private static readonly TimeSpan LongMemory = TimeSpan.FromMinutes(30);

    /// <summary>How long a session, or a refusal, waits for the answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>What counts for the last of the path.</summary>
    public async ValueTask<TenantSettings> OfAsync(IReadOnlyList<TenantId> path)
    {
        if (path is [])
            return TenantSettings.None;
        var known = _known.Get<Known>(path[^1]);
        if (known is not null && time.GetElapsedTime(known.ReadAt) < Memory)
            return known.Settings;
        var read = await ReadAsync(path) ?? known?.Settings ?? TenantSettings.None;
        _known.Set(path[^1], new Known(read, time.GetTimestamp()), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = LongMemory });
        return read;
    }

    /// <summary>The words for clients of the last of the path.</summary>
    public async ValueTask<Wording> WordsOfAsync(IReadOnlyList<TenantId>? path) => (await OfAsync(path ?? [])).ErrorTexts is { } texts ? new Wording(texts) : Wording.Usual;

    /// <inheritdoc/>
    public void Dispose() => _known.Dispose();

    private async Task<TenantSettings?> ReadAsync(IReadOnlyList<TenantId> path)
    {
        try
        {
            return await settings.EffectiveAsync(path, CancellationToken.None).WaitAsync(Patience, time);
        }
#pragma warning disable CA1031 // Words are not worth a session.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotRead(exception, path[^1]);
            return null;
        }
    }

    private sealed record Known(TenantSettings Settings, long ReadAt);

    [LoggerMessage(1511, LogLevel.Warning, "What clients of tenant {Tenant} see of it could not be read; what was last known counts")]
    private partial void LogNotRead(Exception exception, TenantId tenant);
}
