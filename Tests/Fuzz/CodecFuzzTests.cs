using System.Text.Json;
using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Providers;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Fuzz;

/// <summary>What a dialect makes of frames that nobody should send: it never throws, and what it says is well-formed.</summary>
public sealed class CodecFuzzTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const int MaxText = 4 * 1024;

    private readonly RelayBed _bed = new();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public void A_codec_never_throws() => Run(20_000);

    [Fact, Trait("Category", "Slow")]
    public void A_codec_never_throws_whatever_a_million_frames_hold() => Run(1_000_000);

    private void Run(int frames)
    {
        var seed = FuzzSeed.Next(output);
        byte[][] corpus = [.. GoldenFrames.From(client: true), .. GoldenFrames.From(client: false)];
        var mutator = new FrameMutator(seed, corpus);
        for (var i = 0; i < frames; i++)
        {
            var frame = mutator.Next();
            foreach (var dialect in _bed.Dialects)
            {
                try
                {
                    Check(dialect, frame);
                }
                catch (Exception exception)
                {
                    Assert.Fail($"Seed {seed}, frame {i}, dialect {dialect.Name}: {exception.Message}\n{FuzzSeed.Show(frame)}\n{exception.StackTrace}");
                }
            }
        }

        output.WriteLine($"figure: {frames} mutated frames read by {_bed.Dialects.Count} dialects, seed {seed}");
    }

    private static void Check(IDialect dialect, byte[] frame)
    {
        foreach (var signal in (FrameSignal[])[dialect.ReadUpstream(frame), dialect.ReadClient(frame)])
        {
            Assert.True(signal.Milliseconds is null or >= 0, $"a counter of {signal.Milliseconds} ms");
            Assert.True(signal.Position is null or >= 0 && signal.Size is null or >= 0, "a place in the queue below zero");
            Assert.True(signal.Text is null || signal.Text.Length <= MaxText && IsUnicode(signal.Text), "a text that is too long, or no Unicode");
        }

        dialect.Version(frame);
        foreach (var version in (string?[])[null, .. dialect.Versions ?? []])
        {
            var word = dialect.SignalingOf(version)?.Read(frame) ?? default;
            Assert.True(word.Text is null || IsUnicode(word.Text), "a word that is no Unicode");
        }

        foreach (var said in dialect.Decline(frame, "not \"allowed\" here"))
            Assert.Equal(JsonValueKind.Object, JsonElement.Parse(said).ValueKind);
    }

    private static bool IsUnicode(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == System.Text.Rune.ReplacementChar && !text.Contains('\ufffd'))
                return false;
        }

        return true;
    }
}
