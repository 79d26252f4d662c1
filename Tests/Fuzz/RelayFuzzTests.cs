using System.Net.WebSockets;
using System.Text.Unicode;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Providers;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Fuzz;

/// <summary>
/// Frames that nobody should send, through real relays of every dialect and in both directions at once: each arrives as it
/// was sent and in its order, whatever it holds; no run counts beyond the clock; when all is over nothing is held; and a
/// session beside them, of the same dialect, hears nothing of it.
/// </summary>
public sealed class RelayFuzzTests(ITestOutputHelper output) : IAsyncDisposable
{
    /// <summary>How many frames go each way in a session.</summary>
    private const int Burst = 250;

    /// <summary>How far a mark may be beyond the clock, and how late the clock may be read.</summary>
    private const long ToleranceMs = 2_000 + 500;

    private const string SecondCredential = "The connection is authenticated already";

    private readonly RelayBed _bed = new();
    private readonly Dictionary<SessionId, long> _lifetimes = [];

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public Task A_relay_passes_what_it_does_not_understand() => RunAsync(20_000);

    [Fact, Trait("Category", "Slow")]
    public Task A_relay_passes_a_million_frames_that_it_does_not_understand() => RunAsync(1_000_000);

    [Theory, InlineData(true), InlineData(false)]
    public async Task Text_that_is_no_Unicode_ends_its_own_session_with_1007_and_no_other(bool fromClient)
    {
        foreach (var dialect in _bed.Dialects)
        {
            var control = await _bed.OpenAsync(dialect, new Sockets());
            var session = await _bed.OpenAsync(dialect, new Sockets());
            var from = fromClient ? session.Client : session.Provider;

            await from.SendAsync(new byte[] { (byte)'"', 0xed, 0xa0, 0x80, (byte)'"' });
            await session.OverAsync();

            Assert.Equal(1007, from.CloseCode);
            await CheckAsync(control);
            await control.CloseAsync();
        }

        await _bed.EmptiedAsync();
    }

    private async Task RunAsync(int frames)
    {
        var seed = FuzzSeed.Next(output);
        var (sessions, passed) = (0, 0);
        while (passed < frames)
        {
            foreach (var dialect in _bed.Dialects)
            {
                var control = await _bed.OpenAsync(dialect, new Pipes());
                // Some over real WebSockets, whose messages come in as many frames as their sender likes.
                foreach (var pairs in (ISocketPairs[])[new Pipes(), new Pipes(), new Pipes(), new Sockets()])
                {
                    passed += await FuzzAsync(dialect, pairs, seed + sessions++);
                    await CheckAsync(control);
                }

                await control.CloseAsync();
            }
        }

        await _bed.EmptiedAsync();
        Assert.Empty(_bed.Log.Lines);
        Assert.All(_bed.Runs.Where(run => _lifetimes.ContainsKey(run.Session)), run => Assert.InRange(run.MarkMs, 0, _lifetimes[run.Session] + ToleranceMs));
        output.WriteLine($"figure: {passed} mutated frames through {sessions} sessions of {_bed.Dialects.Count} dialects, {_bed.Runs.Count} runs closed, seed {seed}");
    }

    private async Task<int> FuzzAsync(IDialect dialect, ISocketPairs pairs, int seed)
    {
        var began = TimeProvider.System.GetTimestamp();
        var session = await _bed.OpenAsync(dialect, pairs);
        var (mine, others) = (new FrameMutator(seed, Corpus(dialect, fromClient: true)), new FrameMutator(~seed, Corpus(dialect, fromClient: false)));
        var (said, told) = (Frames(mine, pairs), Frames(others, pairs));
        var passing = said.Where(message => !IsDeclined(dialect, message)).ToArray();
        var answers = said.Where(message => IsDeclined(dialect, message)).SelectMany(message => dialect.Decline(message.Frame, SecondCredential)).ToArray();
        var where = $"seed {seed}, dialect {dialect.Name}, over {pairs.GetType().Name}";
        await Task.WhenAll(
            SendAsync(session.Client, said, mine), SendAsync(session.Provider, told, others),
            ReceiveAsync(session.Provider, passing, [], where), ReceiveAsync(session.Client, told, answers, where));

        await EndAsync(session, mine.Below(4));
        _lifetimes[session.Relay.Session] = (long)TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
        return 2 * Burst;
    }

    private static Message[] Frames(FrameMutator mutator, ISocketPairs pairs) =>
        [.. Enumerable.Range(0, Burst).Select(_ => mutator.Next()).Select(frame => new Message(frame, Kind(frame, pairs, mutator)))];

    /// <summary>A second credential goes nowhere: the relay answers it in the provider's place.</summary>
    private static bool IsDeclined(IDialect dialect, Message message) =>
        message.Kind is WebSocketMessageType.Text && dialect.ReadClient(message.Frame).Kind is SignalKind.Credential;

    /// <summary>A real WebSocket takes no text that is no UTF-8, and says so with 1007: there it goes as bytes.</summary>
    private static WebSocketMessageType Kind(byte[] frame, ISocketPairs pairs, FrameMutator mutator) =>
        mutator.Below(10) == 0 || (pairs is Sockets && !Utf8.IsValid(frame)) ? WebSocketMessageType.Binary : WebSocketMessageType.Text;

    private static async Task SendAsync(FarEnd from, Message[] messages, FrameMutator mutator)
    {
        await Task.Yield();
        foreach (var (frame, kind) in messages)
            await from.SendAsync(frame, kind, pieces: mutator.Below(8) == 0 ? 1 + frame.Length / 3 : int.MaxValue);
    }

    /// <summary>Reads what was sent, in its order, and anywhere between it the answers, in theirs.</summary>
    private static async Task ReceiveAsync(FarEnd to, Message[] messages, byte[][] answers, string where)
    {
        await Task.Yield();
        for (var (passed, answered) = (0, 0); passed < messages.Length || answered < answers.Length;)
        {
            if (await to.ReadAsync() is not { } arrived)
            {
                Assert.Fail($"The session ended with {to.CloseCode} after {passed} frames, {where}. Next: {FuzzSeed.Show(passed < messages.Length ? messages[passed].Frame : [])}");
                return;
            }

            if (passed < messages.Length && arrived.Kind == messages[passed].Kind && arrived.Payload.AsSpan().SequenceEqual(messages[passed].Frame))
                passed++;
            else if (answered < answers.Length && arrived.Payload.AsSpan().SequenceEqual(answers[answered]))
                answered++;
            else
                Assert.Fail($"After {passed} frames, {where}, came {arrived.Kind}, {FuzzSeed.Show(arrived.Payload)}\n"
                    + $"instead of {FuzzSeed.Show(passed < messages.Length ? messages[passed].Frame : [])}");
        }
    }

    /// <summary>Half of a corpus is what the other side should say, or what other dialects say: wrong order, wrong direction.</summary>
    private static IReadOnlyList<byte[]> Corpus(IDialect dialect, bool fromClient) =>
    [
        .. GoldenFrames.Files.Where(file => file.Dialect == dialect.Name && file.IsFromClient == fromClient).SelectMany(file => file.Frames),
        .. GoldenFrames.Files.Where(file => file.Dialect == dialect.Name && file.IsFromClient != fromClient).SelectMany(file => file.Frames.Take(8)),
        .. GoldenFrames.Files.Where(file => file.Dialect != dialect.Name).SelectMany(file => file.Frames.Take(2)),
    ];

    /// <summary>A session beside the others: what it says arrives, and nothing else.</summary>
    private static async Task CheckAsync(RelayedSession control)
    {
        foreach (var (from, to, text) in ((FarEnd, FarEnd, string)[])[
            (control.Client, control.Provider, """{"type":"control","from":"client"}"""),
            (control.Provider, control.Client, """{"type":"control","from":"provider"}""")])
        {
            await from.SendAsync(System.Text.Encoding.UTF8.GetBytes(text));
            var arrived = await to.ReadAsync();
            Assert.True(arrived is not null, "The session beside the others was closed");
            Assert.Equal(text, System.Text.Encoding.UTF8.GetString(arrived.Value.Payload));
        }
    }

    private static async Task EndAsync(RelayedSession session, int how)
    {
        switch (how)
        {
            case 0: await session.Client.CloseAsync(); break;
            case 1: await session.Provider.CloseAsync(1011); break;
            case 2: session.Client.Abort(); break;
            default: session.Provider.Abort(); break;
        }

        await session.OverAsync();
    }

    private sealed record Message(byte[] Frame, WebSocketMessageType Kind);
}
