using System.Buffers;
using System.Text.Json;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Sessions.Observing;

/// <summary>
/// What happens to a session, as frames among those that pass: for who watches it. Their shapes are part of the API. The provider's
/// own id of the session is not in them.
/// </summary>
public static class LifecycleFrames
{
    /// <summary>What changed for who watches; null when nothing did.</summary>
    public static byte[]? Of(SessionState before, SessionState state, SessionEvent cause) => cause switch
    {
        SessionEvent.GenerationStarted started => Run("generation.started", started.Run, state),
        SessionEvent.GenerationEnded ended     => Run("generation.ended", ended.Run, state, ended.MarkMs),
        _ when Shows(before) == Shows(state)   => null,
        // The end is told once its books are closed, with its seconds.
        _ when state.Phase is SessionPhase.Ended => null,
        _                                      => Write("session.updated", writer => Describe(writer, state)),
    };

    /// <summary>The last frame of every session.</summary>
    /// <param name="milliseconds">The final mark: all that was generated over all runs.</param>
    /// <param name="code">Why it ended.</param>
    public static byte[] Ended(long milliseconds, CloseCode code) => Write("session.ended", writer =>
    {
        Seconds(writer, milliseconds);
        writer.WriteNumber("code", (int)code);
        writer.WriteString("reason", code.Entry().Name);
    });

    private static (SessionPhase, NodeStatus?, int?, int?) Shows(SessionState state) =>
        (state.Phase, state.Node, state.QueuePosition, state.QueueSize);

    private static byte[] Run(string type, int run, SessionState state, long? milliseconds = null) => Write(type, writer =>
    {
        writer.WriteNumber("run", run);
        if (milliseconds is { } generated)
        {
            Seconds(writer, generated);
            writer.WriteString("reason", Word(state.LastEnd));
        }

        Describe(writer, state);
    });

    private static void Describe(Utf8JsonWriter writer, SessionState state)
    {
        writer.WriteString("phase", Word<SessionPhase>(state.Phase));
        if (state.Node is { } node)
            writer.WriteString("node", Word<NodeStatus>(node));
        if (state.QueuePosition is { } position)
            writer.WriteNumber("queue_position", position);
        if (state.QueueSize is { } size)
            writer.WriteNumber("queue_size", size);
    }

    private static void Seconds(Utf8JsonWriter writer, long milliseconds)
    {
        writer.WritePropertyName("seconds");
        writer.WriteRawValue(Domain.Billing.Seconds.Format(milliseconds));
    }

    private static string? Word<T>(T? value) where T : struct, Enum => value is { } some ? JsonNamingPolicy.SnakeCaseLower.ConvertName(some.ToString()) : null;

    private static byte[] Write(string type, Action<Utf8JsonWriter> fields)
    {
        var bytes = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            fields(writer);
            writer.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
