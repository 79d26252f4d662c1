using System.Text.Json;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>What an event of the provider is to us.</summary>
internal enum OpenAIEvent
{
    /// <summary>Of a type that this dialect does not name.</summary>
    Unknown,
    /// <summary>The client's business.</summary>
    Passed,
    /// <summary>The call was answered; our own frame, from our call adapter.</summary>
    Answer,
    /// <summary>The call is over; our own frame as well.</summary>
    Ended,
    /// <summary>The first event of every connection to a session.</summary>
    SessionCreated,
    /// <summary>A response is over, and this is what it used.</summary>
    ResponseDone,
    /// <summary>What the user said has been written down, and this is what that used.</summary>
    Transcribed,
    /// <summary>Something was wrong.</summary>
    Error,
}

/// <summary>The events of the Realtime API by their types.</summary>
internal static class OpenAIEvents
{
    // In the order of how often they come: what streams comes first.
    private static readonly (byte[] Type, OpenAIEvent Kind)[] Provider =
    [
        ("response.output_audio.delta"u8.ToArray(),                              OpenAIEvent.Passed),
        ("response.output_audio_transcript.delta"u8.ToArray(),                   OpenAIEvent.Passed),
        ("response.output_text.delta"u8.ToArray(),                               OpenAIEvent.Passed),
        ("response.function_call_arguments.delta"u8.ToArray(),                   OpenAIEvent.Passed),
        ("conversation.item.input_audio_transcription.delta"u8.ToArray(),        OpenAIEvent.Passed),
        ("response.done"u8.ToArray(),                                            OpenAIEvent.ResponseDone),
        ("response.created"u8.ToArray(),                                         OpenAIEvent.Passed),
        ("response.output_item.added"u8.ToArray(),                               OpenAIEvent.Passed),
        ("response.output_item.done"u8.ToArray(),                                OpenAIEvent.Passed),
        ("response.content_part.added"u8.ToArray(),                              OpenAIEvent.Passed),
        ("response.content_part.done"u8.ToArray(),                               OpenAIEvent.Passed),
        ("response.output_audio.done"u8.ToArray(),                               OpenAIEvent.Passed),
        ("response.output_audio_transcript.done"u8.ToArray(),                    OpenAIEvent.Passed),
        ("response.output_text.done"u8.ToArray(),                                OpenAIEvent.Passed),
        ("response.function_call_arguments.done"u8.ToArray(),                    OpenAIEvent.Passed),
        ("rate_limits.updated"u8.ToArray(),                                      OpenAIEvent.Passed),
        ("input_audio_buffer.speech_started"u8.ToArray(),                        OpenAIEvent.Passed),
        ("input_audio_buffer.speech_stopped"u8.ToArray(),                        OpenAIEvent.Passed),
        ("input_audio_buffer.committed"u8.ToArray(),                             OpenAIEvent.Passed),
        ("output_audio_buffer.started"u8.ToArray(),                              OpenAIEvent.Passed),
        ("output_audio_buffer.stopped"u8.ToArray(),                              OpenAIEvent.Passed),
        ("output_audio_buffer.cleared"u8.ToArray(),                              OpenAIEvent.Passed),
        ("conversation.item.added"u8.ToArray(),                                  OpenAIEvent.Passed),
        ("conversation.item.done"u8.ToArray(),                                   OpenAIEvent.Passed),
        ("conversation.item.created"u8.ToArray(),                                OpenAIEvent.Passed),
        ("conversation.item.input_audio_transcription.completed"u8.ToArray(),    OpenAIEvent.Transcribed),
        ("conversation.item.input_audio_transcription.segment"u8.ToArray(),      OpenAIEvent.Passed),
        ("conversation.item.input_audio_transcription.failed"u8.ToArray(),       OpenAIEvent.Passed),
        ("conversation.item.truncated"u8.ToArray(),                              OpenAIEvent.Passed),
        ("conversation.item.deleted"u8.ToArray(),                                OpenAIEvent.Passed),
        ("conversation.item.retrieved"u8.ToArray(),                              OpenAIEvent.Passed),
        ("conversation.created"u8.ToArray(),                                     OpenAIEvent.Passed),
        ("input_audio_buffer.cleared"u8.ToArray(),                               OpenAIEvent.Passed),
        ("input_audio_buffer.timeout_triggered"u8.ToArray(),                     OpenAIEvent.Passed),
        ("input_audio_buffer.dtmf_event_received"u8.ToArray(),                   OpenAIEvent.Passed),
        ("session.updated"u8.ToArray(),                                          OpenAIEvent.Passed),
        ("session.created"u8.ToArray(),                                          OpenAIEvent.SessionCreated),
        ("error"u8.ToArray(),                                                    OpenAIEvent.Error),
        ("answer"u8.ToArray(),                                                   OpenAIEvent.Answer),
        ("ended"u8.ToArray(),                                                    OpenAIEvent.Ended),
        ("mcp_list_tools.in_progress"u8.ToArray(),                               OpenAIEvent.Passed),
        ("mcp_list_tools.completed"u8.ToArray(),                                 OpenAIEvent.Passed),
        ("mcp_list_tools.failed"u8.ToArray(),                                    OpenAIEvent.Passed),
        ("response.mcp_call_arguments.delta"u8.ToArray(),                        OpenAIEvent.Passed),
        ("response.mcp_call_arguments.done"u8.ToArray(),                         OpenAIEvent.Passed),
        ("response.mcp_call.in_progress"u8.ToArray(),                            OpenAIEvent.Passed),
        ("response.mcp_call.completed"u8.ToArray(),                              OpenAIEvent.Passed),
        ("response.mcp_call.failed"u8.ToArray(),                                 OpenAIEvent.Passed),
    ];

    private static readonly byte[][] Client =
    [
        "input_audio_buffer.append"u8.ToArray(),
        "input_audio_buffer.commit"u8.ToArray(),
        "input_audio_buffer.clear"u8.ToArray(),
        "response.create"u8.ToArray(),
        "response.cancel"u8.ToArray(),
        "conversation.item.create"u8.ToArray(),
        "conversation.item.truncate"u8.ToArray(),
        "conversation.item.delete"u8.ToArray(),
        "conversation.item.retrieve"u8.ToArray(),
        "session.update"u8.ToArray(),
        "output_audio_buffer.clear"u8.ToArray(),
    ];

    /// <summary>What this type of the provider is.</summary>
    /// <param name="type">Stands on the value of <c>type</c>.</param>
    public static OpenAIEvent OfProvider(ref Utf8JsonReader type)
    {
        foreach (var (name, kind) in Provider)
        {
            if (type.ValueTextEquals(name))
                return kind;
        }

        return OpenAIEvent.Unknown;
    }

    /// <summary>Whether clients send events of this type.</summary>
    /// <param name="type">Stands on the value of <c>type</c>.</param>
    public static bool IsClients(ref Utf8JsonReader type)
    {
        foreach (var name in Client)
        {
            if (type.ValueTextEquals(name))
                return true;
        }

        return false;
    }
}
