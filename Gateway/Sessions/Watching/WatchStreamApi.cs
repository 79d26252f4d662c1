using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Sessions.Http;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers.Decart.Watching;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Watching;

/// <summary>
/// <c>POST /watch-stream/{room}</c>: lets a client of dialect B into the room of a running session. It then goes there by itself, so what bounds
/// watchers here is how many are let in within a while, and who ends them with the session is the provider.
/// </summary>
internal sealed class WatchStreamApi(
    WatchAccess access, WatcherPlaces places, DecartWatching provider, WhiteLabels labels, RefusalThrottle throttle, SessionRegistry registry, Drain drain,
    IOptions<WatcherOptions> options, TimeProvider time)
{
    /// <summary>Where rooms are asked for.</summary>
    public const string Path = "/watch-stream/{room}";

    /// <summary>Answers as the provider does, or why not.</summary>
    public async Task<IResult> JoinAsync(HttpContext context, string room)
    {
        var credential = AccessControl.CredentialOf(context.Request);
        var (call, refused) = await access.AdmitAsync(context, credential, room, isRoom: true);
        if (call is null)
            return throttle.TryBePolite(Source.Of(context, credential)) ? Refusal(context, refused) : TooMany(context);
        if (drain.IsDraining && !registry.TryGet(call.Row.Id, out _))
            return SignalProblems.Refused(context, CloseCode.ServerShutdown);
        if (places.TryTake(call.Row.Id) is not { } place)
            return Refusal(context, CloseCode.ServerBusy);

        var isIn = false;
        try
        {
            var (where, notHere) = await access.JoinAsync(call, room, isRoom: true, context.RequestAborted);
            if (where is null)
                return Refusal(context, notHere);
            var label = await labels.OfAsync(call.Caller.Tenant.Path);
            var ticket = await provider.JoinAsync(call.Provider, where, label.MediaHost, context.RequestAborted);
            if (ticket.Json is not { } json)
                return Refusal(context, ticket.Refused);
            isIn = true;
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Bytes(json, "application/json");
        }
        finally
        {
            _ = ReturnAsync(place, isIn ? options.Value.RoomInterval : TimeSpan.Zero);
        }
    }

    private async Task ReturnAsync(IDisposable place, TimeSpan after)
    {
        if (after > TimeSpan.Zero)
            await Task.Delay(after, time);
        place.Dispose();
    }

    private static IResult Refusal(HttpContext context, CloseCode code) =>
        code is CloseCode.SessionUnknown ? Problems.SessionNotFound : SignalProblems.Refused(context, code);

    private static IResult TooMany(HttpContext context) => Problems.TooManyRefusals(context);
}
