using System.Buffers;
using System.Buffers.Text;

namespace Orchestrator.Domain.Policies;

/// <summary>Looks at an image in Base64 without decoding more than its first bytes.</summary>
internal static class ImageText
{
    private const int HeadCharacters = 16;

    /// <summary>Holds it against a rule. No image at all passes: it takes one away.</summary>
    public static FrameVerdict Judge(ReadOnlySpan<byte> text, ImageRule rule, string path)
    {
        if (text.IsEmpty)
            return FrameVerdict.Passes;
        if (text.StartsWith("data:"u8))
        {
            var comma = text.IndexOf((byte)',');
            if (comma < 0 || !text[..comma].EndsWith(";base64"u8))
                return new FrameVerdict(PolicyRule.ImageFormat, path);
            text = text[(comma + 1)..];
        }

        if (FormatOf(text) is not { } format)
            return new FrameVerdict(PolicyRule.ImageFormat, path);
        if (rule.MaxBytes is { } most && BytesOf(text) > most)
            return new FrameVerdict(PolicyRule.ImageSize, path, most);
        return rule.Formats?.Contains(format) is not false ? FrameVerdict.Passes : new FrameVerdict(PolicyRule.ImageFormat, path);
    }

    /// <summary>The format that its first bytes tell; null for none that is known.</summary>
    public static ImageFormat? FormatOf(ReadOnlySpan<byte> base64)
    {
        Span<byte> head = stackalloc byte[HeadCharacters / 4 * 3];
        var first = base64[..(Math.Min(base64.Length, HeadCharacters) / 4 * 4)];
        if (Base64.DecodeFromUtf8(first, head, out _, out var written, isFinalBlock: first.Length == base64.Length) is not OperationStatus.Done)
            return null;
        head = head[..written];
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']))
            return ImageFormat.Png;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return ImageFormat.Jpeg;
        if (head.StartsWith("GIF8"u8))
            return ImageFormat.Gif;
        return head.StartsWith("RIFF"u8) && head.Length >= 12 && head[8..12].SequenceEqual("WEBP"u8) ? ImageFormat.Webp : null;
    }

    private static long BytesOf(ReadOnlySpan<byte> base64)
    {
        var padding = base64.EndsWith("=="u8) ? 2 : base64.EndsWith("="u8) ? 1 : 0;
        return ((long)base64.Length * 3 / 4) - padding;
    }
}
