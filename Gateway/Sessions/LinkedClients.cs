using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Link;

namespace Orchestrator.Gateway.Sessions;

/// <summary>
/// Serves clients whose sessions are in another process. The session is attached before the socket is accepted, since a process
/// that goes away does not take it and another session is tried, with another id.
/// </summary>
internal sealed class LinkedClients(AttachedClients attached, SessionMetrics metrics, TimeProvider time) : IClientDoor
{
    /// <summary>How many processes may be going away, or full, before the client is told so.</summary>
    private const int MaxSessionsTried = 5;

    /// <inheritdoc/>
    public int Count => attached.Count;

    /// <inheritdoc/>
    public async Task ServeAsync(WelcomeClient client)
    {
        for (var tried = 1; tried <= MaxSessionsTried; tried++)
        {
            using var linked = attached.Open(SessionId.New(time.GetUtcNow()));
            var answer = await linked.AttachAsync(client.Request, client.Query);
            if (answer.IsElsewhere && tried < MaxSessionsTried)
                continue;
            await ServeAsync(client, linked, answer);
            return;
        }
    }

    private async Task ServeAsync(WelcomeClient client, LinkedClient linked, AttachAnswer answer)
    {
        using var socket = await client.AcceptAsync(linked.Session);
        if (answer.Refused is { } why)
        {
            client.ClaimRefused();
            client.Refused?.Invoke(why);
        }
        else if (answer.IsAttached && client.WhyGone() is { } gone)
        {
            await linked.EndAsync(gone, CancellationToken.None);
        }

        if (answer.IsAttached)
        {
            await linked.ServeAsync(socket, client.Provider.Dialect);
            if (answer.Refused is null && linked.Ended is { } ended)
                client.Ended?.Invoke(ended);
            return;
        }

        var code = answer.Refused ?? CloseCode.ServerBusy;
        metrics.SessionRefused(code);
        await RefusedClient.TellAsync(socket, client.Provider.Dialect, code, time, new Wording(client.Request.Texts));
    }
}
