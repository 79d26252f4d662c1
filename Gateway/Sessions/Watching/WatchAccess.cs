using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Grains.Providers.Decart.Watching;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Watching;

/// <summary>Somebody who may watch, and what.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="Row">The session.</param>
/// <param name="Provider">Its provider.</param>
internal sealed record WatchCall(Caller Caller, SessionRow Row, ProviderEntry Provider)
{
    /// <summary>Who it is, for the timeline.</summary>
    public string Actor => Caller.Credential is Credential.ApiKey ? $"key:{Caller.Credential.KeyId:N}" : $"token of key:{Caller.Credential.KeyId:N}";
}

/// <summary>
/// Who may watch: the holder of a client token of the session's tenant that is good for its model, and of an API key of that tenant or one
/// above it. For everybody else the session does not exist.
/// </summary>
internal sealed class WatchAccess(AccessControl access, ISessionQueries queries, IGrains grains, ProviderCatalog providers, TimeProvider time) : IDisposable
{
    private const int MaxName = 256;

    /// <summary>Lookups at once: each reads the rows of a tenant's live sessions, and anybody with a credential may ask.</summary>
    private const int MaxLookups = 16;

    /// <summary>A client hears its session's name some moments before it is in the books.</summary>
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(300);

    private readonly SemaphoreSlim _lookups = new(MaxLookups);

    /// <summary>Who asks and what it may watch, or why it may not.</summary>
    /// <param name="context">The request.</param>
    /// <param name="credential">What it named.</param>
    /// <param name="name">The provider's name of a session, or of its room.</param>
    /// <param name="isRoom">Whether it is a room's.</param>
    public async Task<(WatchCall? Call, CloseCode Refused)> AdmitAsync(HttpContext context, string? credential, string name, bool isRoom)
    {
        var identity = await access.IdentifyAsync(credential, context.RequestAborted);
        if (access.WhyRefusedApi(identity) is { } unknown)
            return (null, unknown);
        var caller = identity.Caller!;
        var row = name.Length is > 0 and <= MaxName ? await FindAsync(caller, name, isRoom, context.RequestAborted) : null;
        var origin = context.Request.Headers.Origin is [{ Length: > 0 } value, ..] ? value : null;
        // Without a session there is no model, and everything before the model counts all the same.
        if (access.WhyRefused(identity, DecartDialect.Family, origin, row?.Model) is { } refused && (row is not null || refused is not CloseCode.InvalidRequest))
            return (null, refused);
        return row is not null && providers.All.FirstOrDefault(entry => entry.Name == row.Provider) is { } provider && DecartWatching.CanShow(provider)
            ? (new WatchCall(caller, row, provider), default)
            : (null, CloseCode.SessionUnknown);
    }

    /// <summary>Why a watcher has to go, or null; asked again and again.</summary>
    public CloseCode? WhyGone(WatchCall call) => access.WhyGone(call.Caller);

    /// <summary>Notes the watcher on its session, and answers where that is watched; null with the reason where it is not.</summary>
    public async Task<(WatchPlace? Place, CloseCode Refused)> JoinAsync(WatchCall call, string name, bool isRoom, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await grains.Get<ISessionGrain>(call.Row.Id.ToString())
                .WatchAsync(new Watcher(call.Actor, isRoom ? "watch-stream" : "subscribe"), cancellationToken);
            // A row may be live in a process that this one has no way to.
            if (!answer.Found)
                return (null, CloseCode.ServerBusy);
            // The row may be older than what the provider calls it by now.
            return answer.Place is { } place && (isRoom ? place.Room : place.Upstream) == name ? (place, default) : (null, CloseCode.SessionUnknown);
        }
#pragma warning disable CA1031 // A process that is lost, or busy: who asks may come back.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return (null, CloseCode.ServerBusy);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lookups.Dispose();

    private async Task<SessionRow?> FindAsync(Caller caller, string name, bool isRoom, CancellationToken cancellationToken)
    {
        if (await LookAsync() is { } row)
            return row;
        await Task.Delay(SecondLook, time, cancellationToken);
        return await LookAsync();

        async Task<SessionRow?> LookAsync()
        {
            await _lookups.WaitAsync(cancellationToken);
            try
            {
                return await queries.FindLiveAsync(caller.Tenant.Id, name, isRoom, cancellationToken) is { } found
                    && (caller.Credential is Credential.ApiKey || found.Tenant == caller.Tenant.Id) ? found : null;
            }
            finally
            {
                _lookups.Release();
            }
        }
    }
}
