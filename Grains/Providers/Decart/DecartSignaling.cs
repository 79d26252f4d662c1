using System.Text.Json;

namespace Orchestrator.Grains.Providers.Decart;

/// <summary>Offer, candidates, prompts and images as dialect A has them.</summary>
public sealed class DecartSignaling : ISignaling
{
    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Offer(string sdp) => [DecartMessages.Write("offer", writer => writer.WriteString("sdp", sdp))];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Candidate(string? candidate) => [DecartMessages.Write("ice-candidate", writer =>
    {
        writer.WritePropertyName("candidate");
        writer.WriteRawValue(candidate ?? "null");
    })];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Prompt(string prompt, bool enhance) => [DecartMessages.Write("prompt", writer =>
    {
        writer.WriteString("prompt", prompt);
        writer.WriteBoolean("enhance_prompt", enhance);
    })];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Image(string? image, string? prompt, bool enhance) => [DecartMessages.Write("set_image", writer =>
    {
        writer.WriteString("image_data", image);
        if (prompt is null)
            return;
        writer.WriteString("prompt", prompt);
        writer.WriteBoolean("enhance_prompt", enhance);
    })];

    /// <inheritdoc/>
    public SignalingWord Read(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;
        if (type.ValueTextEquals("answer"u8))
            return new(SignalingWordKind.Answer, FrameReader.ReadText(frame, "sdp"u8));
        if (type.ValueTextEquals("ice-candidate"u8))
            return new(SignalingWordKind.Candidate, FrameReader.ReadObject(frame, "candidate"u8));
        if (type.ValueTextEquals("prompt_ack"u8))
            return Answered(SignalingWordKind.PromptAnswer, frame);
        if (type.ValueTextEquals("set_image_ack"u8))
            return Answered(SignalingWordKind.ImageAnswer, frame);
        if (type.ValueTextEquals("turn_config"u8))
            return new(SignalingWordKind.IceServer, DecartMessages.IceServer(frame));
        return type.ValueTextEquals("error"u8) ? new(SignalingWordKind.Error, FrameReader.ReadText(frame, "error"u8)) : default;
    }

    private static SignalingWord Answered(SignalingWordKind kind, ReadOnlySpan<byte> frame) =>
        new(kind, FrameReader.ReadText(frame, "error"u8), FrameReader.ReadToken(frame, "success"u8) is JsonTokenType.True);
}
