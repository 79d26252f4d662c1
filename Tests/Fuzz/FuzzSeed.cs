using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Fuzz;

/// <summary>Where the randomness of a run comes from: told in its output, and taken from <c>ORCHESTRATOR_FUZZ_SEED</c> to see a failure again.</summary>
internal static class FuzzSeed
{
    /// <summary>The seed of this run.</summary>
    public static int Next(ITestOutputHelper output)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("ORCHESTRATOR_FUZZ_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given
            : RandomNumberGenerator.GetInt32(int.MaxValue);
        output.WriteLine($"ORCHESTRATOR_FUZZ_SEED={seed}");
        return seed;
    }

    /// <summary>A frame for people, and for a test of its own.</summary>
    public static string Show(byte[] frame) => $"{frame.Length} bytes: {Encoding.UTF8.GetString(frame.AsSpan(0, Math.Min(frame.Length, 600)))}\n{Convert.ToBase64String(frame)}";
}
