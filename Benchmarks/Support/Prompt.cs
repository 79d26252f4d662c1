using System.Text;

namespace Orchestrator.Benchmarks.Support;

/// <summary>What the clients of a load send again and again.</summary>
internal static class Prompt
{
    private const int Bytes = 120;

    /// <summary>What a prompt looks like, filled up to its size.</summary>
    public static byte[] Message { get; } = Encoding.ASCII.GetBytes(
        """{"type":"prompt","prompt":"a paper cutout world, evening light","enhance_prompt":true,"seed":1""".PadRight(Bytes - 2, '0') + " }");

    /// <summary>The same as a client's frame.</summary>
    public static byte[] Frame { get; } = LeanSocket.Frame(Message);
}
