using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Providers;

/// <summary>
/// Every message of every protocol page, to the byte: one file for each version and direction, one frame to a line, in
/// <c>Golden/DIALECT/VERSION.DIRECTION.jsonl</c>.
/// </summary>
internal static class GoldenFrames
{
    /// <summary>All files.</summary>
    public static IReadOnlyList<GoldenFile> Files { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Checkout.Folder, "Tests", "Providers", "Golden"), "*.jsonl",
            SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>What clients or providers say, in every dialect.</summary>
    public static IReadOnlyList<byte[]> From(bool client) => [.. Files.Where(file => file.IsFromClient == client).SelectMany(file => file.Frames)];

    /// <summary>Whether a relay of the dialect passes this frame of a client: all but a credential, which is ours to read.</summary>
    public static bool Passes(this IDialect dialect, byte[] frame) => dialect.ReadClient(frame).Kind is not SignalKind.Credential;

    private static GoldenFile Read(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return new(Path.GetFileName(Path.GetDirectoryName(path)!), name, name.EndsWith(".client", StringComparison.Ordinal), Lines(File.ReadAllBytes(path)));
    }

    private static List<byte[]> Lines(byte[] bytes)
    {
        var lines = new List<byte[]>();
        foreach (var range in bytes.AsSpan().Split((byte)'\n'))
        {
            if (bytes[range] is { Length: > 0 } line)
                lines.Add(line);
        }

        return lines;
    }
}

/// <summary>One file.</summary>
/// <param name="Dialect">The family that it is of.</param>
/// <param name="Name">Version and direction.</param>
/// <param name="IsFromClient">Whether clients say it; otherwise providers do.</param>
/// <param name="Frames">Its frames.</param>
internal sealed record GoldenFile(string Dialect, string Name, bool IsFromClient, IReadOnlyList<byte[]> Frames)
{
    public override string ToString() => $"{Dialect}/{Name}";
}
