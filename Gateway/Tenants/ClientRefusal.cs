using Orchestrator.Domain.Sessions;

namespace Orchestrator.Gateway.Tenants;

/// <summary>A refusal of the catalogue to a session's client: a problem with the stable code, in the words of its tenant.</summary>
internal sealed class ClientRefusal(CloseCode code, int status) : IResult
{
    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext) =>
        await Problems.Of(status, code.Entry().Name, await ClientWords.OfAsync(httpContext, code)).ExecuteAsync(httpContext);
}
