using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Grains.Providers.OpenAILive;

/// <summary>The frames that we say ourselves and that its elder has no form for.</summary>
public static class LiveMessages
{
    /// <summary>
    /// <c>{"type":"session.started","event_id":"...","session":{"id":"...","model":"..."}}</c>, for an attachment that comes after the provider's own
    /// is forgotten.
    /// </summary>
    public static byte[] SessionStarted(string eventId, string session, string model) => OpenAIMessages.Write("session.started", writer =>
    {
        writer.WriteString("event_id", eventId);
        writer.WriteStartObject("session");
        writer.WriteString("id", session);
        writer.WriteString("model", model);
        writer.WriteEndObject();
    });
}
