using System.IO.Compression;
using System.Text;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Text made small, for what has to travel in a header.</summary>
internal static class Packed
{
    /// <summary>The longest text that is unpacked, in bytes; what we packed ourselves is shorter.</summary>
    private const int MaxBytes = 256 * 1024;

    /// <summary>The text, smaller.</summary>
    public static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.SmallestSize))
            brotli.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    /// <summary>The text again. Throws an <see cref="InvalidDataException"/> for what is none.</summary>
    public static string Unpack(byte[] packed)
    {
        using var brotli = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        var text = new byte[MaxBytes];
        var length = brotli.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(text, 0, length);
    }
}
