using System.Text.Json;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Providers;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;
using static Orchestrator.Tests.Fuzz.FuzzTraffic;

namespace Orchestrator.Tests.Fuzz;

/// <summary>
/// The frames of the fuzz runs through sessions with a policy: exactly those that go against it are answered, each in its dialect's words and in
/// their order; exactly the others arrive, as they were sent; as many are recorded as were held; and a trial of the same policy lets all of them
/// pass and records the same.
/// </summary>
public sealed class PolicyFuzzTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const int Burst = 250;

    /// <summary>So few that each is told on its own.</summary>
    private const int Trial = 45;

    private static readonly FramePolicy[] Enforced = [FuzzPolicy.Policy];
    private static readonly FramePolicy[] Tried = [FuzzPolicy.Policy with { Mode = PolicyMode.DryRun }];

    private readonly RelayBed _bed = new();
    private int _refused;
    private int _withheld;

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public Task A_policy_holds_what_goes_against_it_and_nothing_else() => RunAsync(20_000);

    [Fact, Trait("Category", "Slow")]
    public Task A_policy_holds_what_goes_against_it_among_a_million_frames_and_nothing_else() => RunAsync(1_000_000);

    [Fact]
    public async Task A_trial_lets_everything_pass_and_records_what_enforcing_would()
    {
        var seed = FuzzSeed.Next(output);
        var compared = 0;
        for (var round = 0; round < 8; round++)
        {
            foreach (var dialect in _bed.Dialects)
            {
                var pairs = new Pipes();
                var said = Frames(new FrameMutator(seed + round, Corpus(dialect, fromClient: true)), pairs, Trial);
                var where = $"seed {seed + round}, dialect {dialect.Name}";

                var real = await PlayAsync(dialect, pairs, Enforced, said, [], where);
                var trial = await PlayAsync(dialect, pairs, Tried, said, [], where);

                Assert.All(trial, one => Assert.Equal("dry_run", one.GetProperty("mode").GetString()));
                Assert.Equal(real.Select(Told), trial.Select(Told));
                compared += real.Count;
            }
        }

        await _bed.EmptiedAsync();
        Assert.Empty(_bed.Log.Lines);
        output.WriteLine($"figure: {compared} violations of {16 * _bed.Dialects.Count} sessions recorded alike, enforced and tried, seed {seed}");

        static string Told(JsonElement one) => one.GetRawText().Replace("\"dry_run\"", "\"enforce\"", StringComparison.Ordinal);
    }

    private async Task RunAsync(int frames)
    {
        var seed = FuzzSeed.Next(output);
        var (sessions, passed) = (0, 0);
        while (passed < frames)
        {
            foreach (var dialect in _bed.Dialects)
            {
                var control = await _bed.OpenAsync(dialect, new Pipes(), Enforced);
                foreach (var pairs in (ISocketPairs[])[new Pipes(), new Pipes(), new Pipes(), new Sockets()])
                {
                    await FuzzAsync(dialect, pairs, seed + sessions++);
                    passed += 2 * Burst;
                    await CheckAsync(control);
                }

                await control.CloseAsync();
                Assert.Empty(_bed.Violations(control.Relay.Session));
            }
        }

        await _bed.EmptiedAsync();
        Assert.Empty(_bed.Log.Lines);
        output.WriteLine($"figure: {passed} mutated frames through {sessions} sessions with a policy, {_refused} refused, {_withheld} withheld, seed {seed}");
    }

    private async Task FuzzAsync(IDialect dialect, ISocketPairs pairs, int seed)
    {
        var (mine, others) = (new FrameMutator(seed, Corpus(dialect, fromClient: true)), new FrameMutator(~seed, Corpus(dialect, fromClient: false)));
        var (said, told) = (Frames(mine, pairs, Burst), Frames(others, pairs, Burst));
        await PlayAsync(dialect, pairs, Enforced, said, told, $"seed {seed}, dialect {dialect.Name}, over {pairs.GetType().Name}");
    }

    /// <summary>Sends these both ways through a session, and answers what was recorded of it, as many as was held.</summary>
    private async Task<IReadOnlyList<JsonElement>> PlayAsync(
        IDialect dialect, ISocketPairs pairs, FramePolicy[] policies, FuzzMessage[] said, FuzzMessage[] told, string where)
    {
        var isEnforced = policies[0].Mode is PolicyMode.Enforce;
        var (expected, verdicts) = (new FuzzPolicy(), new Dictionary<FuzzMessage, FrameVerdict>(ReferenceEqualityComparer.Instance));
        var answers = new List<byte[]>();
        foreach (var message in said)
        {
            if (IsDeclined(dialect, message))
                answers.AddRange(dialect.Decline(message.Frame, SecondCredential));
            else if ((verdicts[message] = expected.OfClient(message)) is { IsPass: false } verdict && isEnforced)
                answers.AddRange(dialect.Decline(message.Frame, verdict.Words));
        }

        FuzzMessage[] passing = [.. said.Where(message => verdicts.TryGetValue(message, out var verdict) && (verdict.IsPass || !isEnforced))];
        FuzzMessage[] heard = [.. told.Where(message => expected.PassesUpstream(message) || !isEnforced)];
        var session = await _bed.OpenAsync(dialect, pairs, policies);
        var mutator = new FrameMutator(said.Length + told.Length, [[]]);
        await Task.WhenAll(
            SendAsync(session.Client, said, mutator), SendAsync(session.Provider, told, new FrameMutator(told.Length, [[]])),
            ReceiveAsync(session.Provider, passing, [], where), ReceiveAsync(session.Client, heard, [.. answers], where));
        await EndAsync(session, mutator.Below(4));

        var (refused, withheld) = (verdicts.Values.Count(verdict => !verdict.IsPass), told.Count(message => !expected.PassesUpstream(message)));
        (_refused, _withheld) = (_refused + refused, _withheld + withheld);
        var recorded = await Eventually.SeesAsync(
            $"{refused + withheld} violations are recorded, {where}", () => Task.FromResult(RecordedOf(session.Relay.Session)), all => all.Sum(CountOf) >= refused + withheld);
        Assert.True(recorded.Sum(CountOf) == refused + withheld, $"More is recorded than was held, {where}.");
        return recorded;
    }

    private IReadOnlyList<JsonElement> RecordedOf(SessionId session) => [.. _bed.Violations(session).Select(detail => JsonElement.Parse(detail))];

    private static int CountOf(JsonElement violation) => 1 + (violation.TryGetProperty("more", out var more) && more.ValueKind is JsonValueKind.Number ? more.GetInt32() : 0);
}
