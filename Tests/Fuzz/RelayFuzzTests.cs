using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Providers;
using Xunit.Abstractions;
using static Orchestrator.Tests.Fuzz.FuzzTraffic;

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
        var (said, told) = (Frames(mine, pairs, Burst), Frames(others, pairs, Burst));
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
}
