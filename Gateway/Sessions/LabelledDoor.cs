using Orchestrator.Gateway.Tenants;

namespace Orchestrator.Gateway.Sessions;

/// <summary>The door of every session, on whatever surface its client is: gives it its tenant's words and media host.</summary>
internal sealed class LabelledDoor(IClientDoor door, WhiteLabels labels) : IClientDoor
{
    /// <inheritdoc/>
    public int Count => door.Count;

    /// <inheritdoc/>
    public async Task ServeAsync(WelcomeClient client)
    {
        var label = await labels.OfAsync(client.Request.Path);
        await door.ServeAsync(client with { Request = client.Request with { MediaHost = label.MediaHost, Texts = label.ErrorTexts } });
    }
}
