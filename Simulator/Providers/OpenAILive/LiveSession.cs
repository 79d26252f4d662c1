using System.Text.Json.Nodes;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.OpenAI;

namespace Orchestrator.Simulator.Providers.OpenAILive;

/// <summary>One session of the Live API. That an attachment hears <c>session.started</c> first, as the data channel does, is our reading: no page says it.</summary>
public sealed class LiveSession : VoiceSession
{
    internal LiveSession(string id, string model, JsonObject settings, string credential, RealtimePlan plan, Truth truths)
        : base(id, model, settings, isCall: true, credential, plan, truths, truthId: id)
    {
        settings["id"] = id;
        settings["model"] = model;
    }

    private protected override string FirstEvent => "session.started";

    private protected override async Task<bool> HearAsync(string? type, JsonObject said)
    {
        switch (type)
        {
            case "session.update":
                await UpdateAsync(said);
                return true;
            case "session.close":
                await SendAsync(Event("session.closed", $"\"session\":{{\"id\":\"{Id}\"}}"));
                await EndAsync("closed", 1000, null);
                return true;
            default:
                return false;
        }
    }
}
