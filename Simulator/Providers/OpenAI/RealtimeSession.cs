using System.Text.Json.Nodes;
using Orchestrator.Simulator.Oracles;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>One session of the Realtime API.</summary>
public sealed class RealtimeSession : VoiceSession
{
    private int _responses;

    internal RealtimeSession(string id, string model, JsonObject settings, bool isCall, string credential, RealtimePlan plan, Truth truths)
        : base(id, model, settings, isCall, credential, plan, truths, truthId: isCall ? id : "sess_" + id)
    {
        settings["type"] ??= "realtime";
        settings["object"] = "realtime.session";
        settings["id"] = "sess_" + id;
        settings["model"] = model;
    }

    private protected override string FirstEvent => "session.created";

    private protected override async Task<bool> HearAsync(string? type, JsonObject said)
    {
        switch (type)
        {
            case "session.update":
                await UpdateAsync(said);
                break;
            case "conversation.item.create":
                await SendAsync(Event("conversation.item.added", $"\"previous_item_id\":null,\"item\":{said["item"]?.ToJsonString(Json) ?? "null"}"));
                break;
            case "response.create":
                await RespondAsync();
                break;
            case "response.cancel" or "input_audio_buffer.append" or "conversation.item.delete" or "conversation.item.truncate" or "output_audio_buffer.clear":
                break;
            case "input_audio_buffer.commit":
                await SendAsync(Event("input_audio_buffer.committed", "\"previous_item_id\":null,\"item_id\":\"item_audio\""));
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>A response in text, with what it used: the counts of the API's own example, the text of the output one more each time.</summary>
    private async Task RespondAsync()
    {
        var number = Interlocked.Increment(ref _responses);
        var id = $"resp_{Id}_{number}";
        await SendAsync(Event("response.created", $$"""
            "response":{"id":"{{id}}","object":"realtime.response","status":"in_progress"}
            """));
        await SendAsync(Event("response.output_text.delta", $$"""
            "response_id":"{{id}}","item_id":"item_{{number}}","output_index":0,"content_index":0,"delta":"Hello"
            """));
        var usage = $$$"""
            {"total_tokens":{{{252 + number}}},"input_tokens":132,"output_tokens":{{{120 + number}}},
            "input_token_details":{"text_tokens":119,"audio_tokens":13,"image_tokens":0,"cached_tokens":64,
            "cached_tokens_details":{"text_tokens":64,"audio_tokens":0,"image_tokens":0}},
            "output_token_details":{"text_tokens":{{{29 + number}}},"audio_tokens":91}}
            """.ReplaceLineEndings("");
        const string Outcome = "\"object\":\"realtime.response\",\"status\":\"completed\",\"status_details\":null,\"output\":[],\"conversation_id\":\"conv_1\",\"metadata\":null";
        await SendAsync(Event("response.done", $"\"response\":{{\"id\":\"{id}\",{Outcome},\"usage\":{usage}}}"));
    }
}
