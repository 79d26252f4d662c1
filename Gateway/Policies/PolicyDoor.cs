using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Policies;

/// <summary>
/// Sees to it that every session is opened with the policies that count for it, whatever its client came by. Where they cannot be
/// known, or a token names one that is gone, it is not opened.
/// </summary>
internal sealed partial class PolicyDoor(IClientDoor door, PoliciesOfPath policies, SessionMetrics metrics, TimeProvider time, ILogger<PolicyDoor> logger) : IClientDoor
{
    /// <inheritdoc/>
    public int Count => door.Count;

    /// <inheritdoc/>
    public async Task ServeAsync(WelcomeClient client)
    {
        var (request, refused) = await ApplyAsync(client.Request);
        if (request is not null)
        {
            await door.ServeAsync(client with { Request = request });
            return;
        }

        metrics.SessionRefused(refused);
        client.ClaimRefused();
        client.Refused?.Invoke(refused);
        using var socket = await client.AcceptAsync(SessionId.New(time.GetUtcNow()));
        await RefusedClient.TellAsync(socket, client.Provider.Dialect, refused, time, new Wording(client.Request.Texts));
    }

    private async Task<(OpenSession? Request, CloseCode Refused)> ApplyAsync(OpenSession request)
    {
        try
        {
            return (await policies.ApplyAsync(request, CancellationToken.None), CloseCode.PolicyViolation);
        }
#pragma warning disable CA1031 // Whatever keeps them from being known: who opens a session without its policies opens one that is held to none.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogUnknown(logger, exception, request.Tenant.ToString());
            return (null, exception is TimeoutException ? CloseCode.StorageUnavailable : CloseCode.InternalError);
        }
    }

    [LoggerMessage(1191, LogLevel.Warning, "The policies of tenant {Tenant} are not known; its session is refused")]
    private static partial void LogUnknown(ILogger logger, Exception exception, string tenant);
}
