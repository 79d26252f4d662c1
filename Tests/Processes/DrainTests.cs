using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Processes;

public sealed class DrainTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly TestTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly SessionRegistry _sessions = new();
    private readonly Clients _clients = new(3);

    public DrainTests() => _time.Advance(TimeSpan.FromHours(1));

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Nobody_is_waited_for_where_nobody_is()
    {
        _clients.Leave();
        var drain = WithGrace(TimeSpan.FromMinutes(5));

        await drain.RunAsync(CancellationToken.None).WaitAsync(Bound);

        Assert.True(drain.IsDraining);
        Assert.Null(_clients.Code);
    }

    [Fact]
    public async Task Those_who_live_are_left_alone_for_the_grace_and_then_ended_with_a_code_that_invites_return()
    {
        var over = WithGrace(TimeSpan.FromMinutes(1)).RunAsync(CancellationToken.None);
        await ArmedAsync(2);

        _time.Advance(TimeSpan.FromSeconds(59));
        await ArmedAsync(2);
        Assert.Null(_clients.Code);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(CloseCode.ServerShutdown, await _clients.Asked.WaitAsync(Bound));
        Assert.Equal(CloseAdvice.ComeBack, CloseCode.ServerShutdown.Entry().Advice);
        _clients.Leave();
        await over.WaitAsync(Bound);
    }

    [Fact]
    public async Task It_is_over_as_soon_as_the_last_one_has_left()
    {
        var over = WithGrace(TimeSpan.FromMinutes(5)).RunAsync(CancellationToken.None);
        await ArmedAsync(2);

        _clients.Leave();

        await over.WaitAsync(Bound);
        Assert.Null(_clients.Code);
    }

    [Fact]
    public async Task What_to_expect_is_printed_at_the_start_and_every_ten_seconds()
    {
        var over = WithGrace(TimeSpan.FromMinutes(1)).RunAsync(CancellationToken.None);
        for (var seconds = 0; seconds < 30; seconds++)
        {
            await ArmedAsync(2);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await Eventually.IsAsync("four forecasts", () => Task.FromResult(Forecasts.Count == 4));
        Assert.StartsWith("Information 1321 Draining until 2026-01-01 13:01:00Z: 3 sessions live, 3 of them relayed elsewhere", Forecasts[0], StringComparison.Ordinal);
        Assert.All(Forecasts, forecast => Assert.Contains("3 have no known end", forecast, StringComparison.Ordinal));
        _clients.Leave();
        await over.WaitAsync(Bound);
    }

    [Fact]
    public async Task Asked_again_the_grace_is_over_and_asked_a_third_time_the_patience()
    {
        var drain = WithGrace(TimeSpan.FromMinutes(5));
        var over = drain.RunAsync(CancellationToken.None);
        await ArmedAsync(2);

        drain.Hasten();
        Assert.Equal(CloseCode.ServerShutdown, await _clients.Asked.WaitAsync(Bound));
        Assert.False(over.IsCompleted);
        drain.Hasten();

        await over.WaitAsync(Bound);
        Assert.Contains(_log.Lines, line => line.StartsWith("Warning 1323", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Asked_again_where_there_is_no_grace_those_who_are_ending_keep_their_time()
    {
        var drain = WithGrace(TimeSpan.Zero);
        var over = drain.RunAsync(CancellationToken.None);
        await _clients.Asked.WaitAsync(Bound);

        drain.Hasten();
        _clients.Leave();

        await over.WaitAsync(Bound);
        Assert.DoesNotContain(_log.Lines, line => line.StartsWith("Warning 1323", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Those_who_do_not_come_to_their_end_are_given_up_at_the_deadline()
    {
        var drain = WithGrace(TimeSpan.Zero);
        var over = drain.RunAsync(CancellationToken.None);
        await _clients.Asked.WaitAsync(Bound);

        _time.Advance(TimeSpan.FromSeconds(4));

        await over.WaitAsync(Bound);
        Assert.InRange(drain.Left, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_host_that_has_no_time_left_is_not_kept()
    {
        using var patience = new CancellationTokenSource();
        var over = WithGrace(TimeSpan.FromMinutes(5)).RunAsync(patience.Token);
        await ArmedAsync(2);

        await patience.CancelAsync();

        await over.WaitAsync(Bound);
    }

    [Fact]
    public async Task Whoever_breaks_a_promise_does_not_keep_the_process()
    {
        _clients.Breaks = true;

        await WithGrace(TimeSpan.FromMinutes(5)).RunAsync(CancellationToken.None).WaitAsync(Bound);

        Assert.Contains(_log.Lines, line => line.StartsWith("Error 1324", StringComparison.Ordinal));
    }

    private IReadOnlyList<string> Forecasts => [.. _log.Lines.Where(line => line.StartsWith("Information 1321", StringComparison.Ordinal))];

    private Drain WithGrace(TimeSpan grace)
    {
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(_log));
        return new Drain(_sessions, [_clients], Options.Create(new ProcessOptions { DrainGrace = grace }), _time, factory.CreateLogger<Drain>());
    }

    private Task ArmedAsync(int timers) => Eventually.IsAsync($"{timers} timers are armed", () => Task.FromResult(_time.ArmedTimers >= timers));

    private sealed class Clients(int count) : IAttachedClients
    {
        private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<CloseCode> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Breaks { get; set; }
        public Task<CloseCode> Asked => _asked.Task;
        public CloseCode? Code => _asked.Task.IsCompleted ? _asked.Task.Result : null;
        public int Count => _gone.Task.IsCompleted ? 0 : count;

        public void Leave() => _gone.TrySetResult();

        public Task WhenNoneAsync(CancellationToken cancellationToken) =>
            Breaks ? throw new InvalidOperationException("A promise is broken.") : _gone.Task.WaitAsync(cancellationToken);

        public Task EndAllAsync(CloseCode code, CancellationToken cancellationToken)
        {
            _asked.TrySetResult(code);
            return Breaks ? throw new InvalidOperationException("A promise is broken.") : _gone.Task;
        }
    }
}
