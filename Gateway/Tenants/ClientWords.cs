using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers.Labelling;

namespace Orchestrator.Gateway.Tenants;

/// <summary>
/// The words for whoever sent a request: those of the tenant whose credential it holds; who is nobody's is told in the words of whoever's
/// the address is.
/// </summary>
internal sealed class ClientWords(AccessControl access, WhiteLabels labels)
{
    /// <summary>The words of this request's client, as far as it has been identified.</summary>
    public ValueTask<Wording> OfAsync(HttpContext context) => labels.WordsOfAsync((context.Features.Get<Caller>()?.Tenant ?? access.OwnerOfHost)?.Path);

    /// <summary>The words for one line of the catalogue, for a result that is only now written.</summary>
    public static async ValueTask<string> OfAsync(HttpContext context, CloseCode code) =>
        (await context.RequestServices.GetRequiredService<ClientWords>().OfAsync(context)).Of(code);
}
