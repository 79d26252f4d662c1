using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions;

/// <summary>
/// The door of every session: who was just refused the same thing is told so again from memory, without a claim, a hold or a dial.
/// Published clients come back up to five times within half a minute.
/// </summary>
internal sealed class RememberingDoor(IClientDoor door, RefusalMemory memory, SessionMetrics metrics, TimeProvider time) : IClientDoor
{
    /// <inheritdoc/>
    public int Count => door.Count;

    /// <inheritdoc/>
    public async Task ServeAsync(WelcomeClient client)
    {
        // The credential too: what one user of a key and an address did is not to be another's.
        var asked = Asked.By(client.Request, client.Source.Fingerprint);
        if (memory.WhyRefused(asked) is not { } refused)
        {
            await door.ServeAsync(client with
            {
                Refused = code =>
                {
                    memory.Refused(asked, code);
                    client.Refused?.Invoke(code);
                },
                Ended = code =>
                {
                    memory.Ended(asked, code);
                    client.Ended?.Invoke(code);
                },
            });
            return;
        }

        // Who does not stop is counted as one that was refused at its claim, and soon told so before the upgrade.
        metrics.SessionRefused(refused);
        client.ClaimRefused();
        client.Refused?.Invoke(refused);
        using var socket = await client.AcceptAsync(SessionId.New(time.GetUtcNow()));
        await RefusedClient.TellAsync(socket, client.Provider.Dialect, refused, time, new Wording(client.Request.Texts));
    }
}
