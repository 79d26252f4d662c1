using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Tests.Providers;

/// <summary>Bytes out are bytes in, for every message of every protocol page, through a real relay.</summary>
public sealed class GoldenTests : IAsyncDisposable
{
    private readonly RelayBed _bed = new();

    /// <summary>Every file, through the relay of every dialect: what one of them does not know passes as well.</summary>
    public static TheoryData<string, bool> Files
    {
        get
        {
            var files = new TheoryData<string, bool>();
            foreach (var file in GoldenFrames.Files)
            {
                files.Add(file.ToString(), false);
                files.Add(file.ToString(), true);
            }

            return files;
        }
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Theory, MemberData(nameof(Files))]
    public async Task A_message_arrives_as_it_was_sent(string file, bool overSockets)
    {
        var golden = GoldenFrames.Files.Single(one => one.ToString() == file);

        foreach (var dialect in _bed.Dialects)
        {
            var session = await _bed.OpenAsync(dialect, overSockets ? new Sockets() : new Pipes());
            var (from, to) = golden.IsFromClient ? (session.Client, session.Provider) : (session.Provider, session.Client);
            foreach (var frame in golden.Frames.Where(frame => !golden.IsFromClient || dialect.Passes(frame)))
            {
                await from.SendAsync(frame);
                await ArrivesAsync(frame, to, dialect);
            }

            await session.CloseAsync();
        }

        await _bed.EmptiedAsync();
        Assert.Empty(_bed.Log.Lines);
    }

    [Theory, MemberData(nameof(Files))]
    public async Task A_message_in_pieces_arrives_as_it_was_sent(string file, bool overSockets)
    {
        var golden = GoldenFrames.Files.Single(one => one.ToString() == file);

        foreach (var dialect in _bed.Dialects)
        {
            var session = await _bed.OpenAsync(dialect, overSockets ? new Sockets() : new Pipes());
            var (from, to) = golden.IsFromClient ? (session.Client, session.Provider) : (session.Provider, session.Client);
            foreach (var frame in golden.Frames.Where(frame => !golden.IsFromClient || dialect.Passes(frame)))
            {
                await from.SendAsync(frame, pieces: 7);
                await ArrivesAsync(frame, to, dialect);
            }

            await session.CloseAsync();
        }
    }

    [Fact]
    public void Every_file_is_JSON_and_every_dialect_of_ours_has_files_of_both_directions()
    {
        Assert.All(GoldenFrames.Files, file => Assert.All(file.Frames, frame => JsonDocument.Parse(frame).Dispose()));
        Assert.All(_bed.Dialects, dialect => Assert.Equal(
            [false, true], GoldenFrames.Files.Where(file => file.Dialect == dialect.Name).Select(file => file.IsFromClient).Distinct().Order()));
    }

    /// <summary>Answers over HTTP have no <c>type</c>; whatever has one must be known to its own dialect, or drift would be counted for what is documented.</summary>
    [Fact]
    public void Every_documented_type_of_a_provider_is_known_to_its_dialect()
    {
        var unknown =
            from dialect in _bed.Dialects
            from file in GoldenFrames.Files
            where file.Dialect == dialect.Name && !file.IsFromClient
            from frame in file.Frames
            where dialect.ReadUpstream(frame).Kind is SignalKind.Unknown
            select $"{file}: {Encoding.UTF8.GetString(frame)}";

        Assert.Empty(unknown);
    }

    private static async Task ArrivesAsync(byte[] frame, FarEnd end, IDialect dialect)
    {
        var arrived = await end.ReadAsync();

        Assert.True(arrived is not null, $"The relay of {dialect.Name} closed with {end.CloseCode} instead of passing {Encoding.UTF8.GetString(frame)}");
        Assert.Equal(Encoding.UTF8.GetString(frame), Encoding.UTF8.GetString(arrived.Value.Payload));
        Assert.Equal(WebSocketMessageType.Text, arrived.Value.Kind);
    }
}
