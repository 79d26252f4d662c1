using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers.Labelling;

namespace Orchestrator.Grains.Providers.Decart;

/// <summary>
/// Decart's realtime socket. Its dialects A (offer and answer on the socket) and B (media through a LiveKit room) share the
/// address and all messages that matter here; which one a client speaks shows in its first frame.
/// </summary>
public sealed class DecartDialect : IDialect
{
    /// <summary>The family's name.</summary>
    public const string Family = "decart";

    /// <summary>The most that is kept of a provider's words.</summary>
    private const int MaxText = 256;

    // In the order of how often they come.
    private static readonly (byte[] Type, SignalKind Kind)[] Upstream =
    [
        ("generation_tick"u8.ToArray(),    SignalKind.Tick),
        ("prompt_ack"u8.ToArray(),         SignalKind.None),
        ("set_image_ack"u8.ToArray(),      SignalKind.None),
        ("ice-candidate"u8.ToArray(),      SignalKind.None),
        ("queue_position"u8.ToArray(),     SignalKind.Queue),
        ("status"u8.ToArray(),             SignalKind.Node),
        ("session_id"u8.ToArray(),         SignalKind.Named),
        ("answer"u8.ToArray(),             SignalKind.Answer),
        ("livekit_room_info"u8.ToArray(),  SignalKind.Answer),
        ("generation_started"u8.ToArray(), SignalKind.Started),
        ("generation_ended"u8.ToArray(),   SignalKind.Ended),
        ("error"u8.ToArray(),              SignalKind.Error),
        ("offer"u8.ToArray(),              SignalKind.None),
        ("ice-restart"u8.ToArray(),        SignalKind.None),
        ("turn_config"u8.ToArray(),        SignalKind.None),
    ];

    private static readonly (byte[] Type, SignalKind Kind)[] Client =
    [
        ("offer"u8.ToArray(),              SignalKind.Offer),
        ("livekit_join"u8.ToArray(),       SignalKind.Offer),
    ];

    /// <inheritdoc/>
    public string Name => Family;

    /// <inheritdoc/>
    public ClientLeg? Leg { get; } = new("/v1/stream");

    /// <inheritdoc/>
    public ISignaling? Signaling { get; } = new DecartSignaling();

    /// <inheritdoc/>
    public MeteredBy MeteredBy(string? version) => version is "c" ? Providers.MeteredBy.OwnClock : Providers.MeteredBy.Provider;

    /// <inheritdoc/>
    public FrameSignal ReadUpstream(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var reader))
            return default;

        var kind = KindOf(ref reader, Upstream, SignalKind.Unknown);
        return kind is SignalKind.None or SignalKind.Unknown or SignalKind.Started ? new FrameSignal(kind) : ReadFields(frame, kind);
    }

    /// <inheritdoc/>
    public FrameSignal ReadClient(ReadOnlySpan<byte> frame) =>
        FrameReader.TryReadType(frame, out var reader) ? new FrameSignal(KindOf(ref reader, Client, SignalKind.None)) : default;

    /// <inheritdoc/>
    public string? Version(ReadOnlySpan<byte> firstFrame) =>
        !FrameReader.TryReadType(firstFrame, out var reader) ? null : reader.ValueTextEquals("livekit_join"u8) ? "decart-b" : "decart-a";

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Refusal(CloseCode code) => [DecartMessages.Error(code.Entry().Reason)];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Farewell(CloseCode code, long? generatedMs)
    {
        var frames = new List<byte[]>(2);
        if (generatedMs is { } milliseconds)
            frames.Add(DecartMessages.GenerationEnded(milliseconds, EndReason(code)));
        if (code.Entry().Advice is not CloseAdvice.Ended)
            frames.Add(DecartMessages.Error(code.Entry().Reason));
        return frames;
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Decline(ReadOnlySpan<byte> frame, string reason)
    {
        if (!FrameReader.TryReadType(frame, out var reader))
            return [DecartMessages.Error(reason)];
        if (reader.ValueTextEquals("prompt"u8))
            return [DecartMessages.PromptAck(FrameReader.ReadText(frame, "prompt"u8) ?? "", reason)];
        return [reader.ValueTextEquals("set_image"u8) ? DecartMessages.SetImageAck(reason) : DecartMessages.Error(reason)];
    }

    /// <inheritdoc/>
    public byte[]? Rehost(ReadOnlySpan<byte> frame, string host) =>
        FrameReader.TryReadType(frame, out var reader) && reader.ValueTextEquals("livekit_room_info"u8) ? MediaHost.Put(frame, "livekit_url", host) : null;

    private static SignalKind KindOf(ref Utf8JsonReader reader, (byte[] Type, SignalKind Kind)[] types, SignalKind otherwise)
    {
        foreach (var (type, kind) in types)
        {
            if (reader.ValueTextEquals(type))
                return kind;
        }

        return otherwise;
    }

    private static FrameSignal ReadFields(ReadOnlySpan<byte> frame, SignalKind kind)
    {
        var signal = new FrameSignal(kind);
        try
        {
            var reader = new Utf8JsonReader(frame);
            while (FrameReader.TryReadProperty(ref reader))
                signal = ReadField(ref reader, signal);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Broken off, or with text that is no Unicode. What was read before that counts.
        }

        return signal;
    }

    private static FrameSignal ReadField(ref Utf8JsonReader reader, FrameSignal signal)
    {
        if (reader.ValueTextEquals("seconds"u8))
            return signal with { Milliseconds = ReadSeconds(ref reader) };
        if (reader.ValueTextEquals("reason"u8))
            return signal with { End = EndOf(ReadText(ref reader)) };
        if (reader.ValueTextEquals("session_id"u8))
            return signal with { Text = ReadText(ref reader) };
        if (reader.ValueTextEquals("status"u8))
            return signal with { Node = StatusOf(ReadText(ref reader)) };
        if (reader.ValueTextEquals("position"u8) || reader.ValueTextEquals("queue_position"u8))
            return signal with { Position = ReadCount(ref reader) };
        if (reader.ValueTextEquals("queue_size"u8))
            return signal with { Size = ReadCount(ref reader) };
        if (reader.ValueTextEquals("server_ip"u8))
            return signal with { Watch = PlaceOf(signal) with { Address = ReadText(ref reader) } };
        if (reader.ValueTextEquals("server_port"u8))
            return signal with { Watch = PlaceOf(signal) with { Port = ReadCount(ref reader) } };
        if (reader.ValueTextEquals("room_name"u8))
            return signal with { Watch = PlaceOf(signal) with { Room = ReadText(ref reader) } };
        if (reader.ValueTextEquals("error"u8))
        {
            var text = ReadText(ref reader);
            return signal with { Text = text, Node = IsCapacity(text) ? NodeStatus.Full : null };
        }

        reader.Read();
        reader.Skip();
        return signal;
    }

    private static WatchPlace PlaceOf(in FrameSignal signal) => signal.Watch ?? new WatchPlace();

    private static long? ReadSeconds(ref Utf8JsonReader reader) =>
        ReadScalar(ref reader) is JsonTokenType.Number && Seconds.TryParse(reader.ValueSpan, out var milliseconds) ? milliseconds : null;

    private static int? ReadCount(ref Utf8JsonReader reader) =>
        ReadScalar(ref reader) is JsonTokenType.Number && reader.TryGetInt32(out var count) && count >= 0 ? count : null;

    private static string? ReadText(ref Utf8JsonReader reader)
    {
        if (ReadScalar(ref reader) is not JsonTokenType.String)
            return null;
        return Printable.Of(reader.GetString()!, MaxText);
    }

    private static JsonTokenType ReadScalar(ref Utf8JsonReader reader)
    {
        reader.Read();
        var token = reader.TokenType;
        reader.Skip();
        return token;
    }

    private static GenerationEnd EndOf(string? reason) => reason switch
    {
        "timeout"              => GenerationEnd.Timeout,
        "moderation_violation" => GenerationEnd.Moderation,
        "error"                => GenerationEnd.Error,
        "insufficient_credits" => GenerationEnd.InsufficientCredits,
        _                      => GenerationEnd.Disconnect,
    };

    // The texts are not documented. These are the words that published clients look for themselves.
    private static NodeStatus? StatusOf(string? status) => status switch
    {
        null                                                                    => null,
        _ when status.Contains("queue", StringComparison.OrdinalIgnoreCase)     => NodeStatus.Pending,
        _ when status.Contains("provision", StringComparison.OrdinalIgnoreCase) => NodeStatus.Pending,
        _ when status.Contains("ready", StringComparison.OrdinalIgnoreCase)     => NodeStatus.Waiting,
        _                                                                       => null,
    };

    private static bool IsCapacity(string? error) =>
        error is not null
        && (error.Contains("at capacity", StringComparison.OrdinalIgnoreCase) || error.Contains("session limit reached", StringComparison.OrdinalIgnoreCase));

    private static string EndReason(CloseCode code) => code switch
    {
        CloseCode.DurationLimit or CloseCode.IdleTimeout     => "timeout",
        CloseCode.InsufficientCredits                        => "insufficient_credits",
        CloseCode.ModerationViolation                        => "moderation_violation",
        _ when code.Entry().Advice is CloseAdvice.Ended      => "disconnect",
        _                                                    => "error",
    };
}
