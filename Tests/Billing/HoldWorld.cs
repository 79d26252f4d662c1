using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing;

/// <summary>One session that lives on credit, a clock that stands still, and a billing grain that answers when the test says so.</summary>
internal sealed class HoldWorld : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TestTimeProvider _clock = new();
    private readonly Watched _time;
    private readonly Bank _bank = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TaskCompletionSource _spent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SessionOwnership _ownership = new(new SessionId(Guid.Empty), new TenantId(Guid.Empty));

    public HoldWorld(long authorisedMs, TimeSpan? blind)
    {
        _time = new Watched(_clock);
        var metrics = new BillingMetrics(_services.GetRequiredService<IMeterFactory>());
        var settlements = new Settlements(_bank, store: null!, metrics, NullLogger<Settlements>.Instance);
        Hold = new SessionHold(_ownership, new HoldTerms(authorisedMs, blind), settlements, metrics, _time, () => _spent.TrySetResult());
    }

    public SessionHold Hold { get; }

    /// <summary>The run that counts.</summary>
    public LiveGeneration Run { get; private set; } = null!;

    /// <summary>How many questions were asked so far.</summary>
    public int Asked => _bank.Asked;

    public bool IsSpent => _spent.Task.IsCompleted;

    /// <summary>A run begins now.</summary>
    public void Begin(int run)
    {
        Run = new LiveGeneration(_ownership, run, upstream: null, _time.GetUtcNow()) { RaisedAt = _time.GetTimestamp() };
        Hold.Begin(Run);
    }

    /// <summary>The provider ticks.</summary>
    public void Tick(long markMs)
    {
        Run.Raise(markMs);
        Run.RaisedAt = _time.GetTimestamp();
        Hold.Raised();
    }

    /// <summary>Moves the clock to so many seconds after the beginning.</summary>
    public void AdvanceTo(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(_clock.GetTimestamp()));

    /// <summary>The next question, which is asked now.</summary>
    public async Task<Question> AskedAsync()
    {
        try
        {
            return await _bank.Questions.ReadAsync().AsTask().WaitAsync(Patience, TimeProvider.System);
        }
        catch (TimeoutException missing)
        {
            throw new TimeoutException($"Nobody asked for more by {_clock.GetTimestamp() / (double)TimeSpan.TicksPerSecond} s.", missing);
        }
    }

    /// <summary>Answers with that much authorised, and waits until the session has heard it.</summary>
    public Task GrantAsync(Question question, long authorisedMs, TimeSpan? blind = null) =>
        AnswerAsync(question, new Settlement(SettlementStatus.Settled, 0, new HoldTerms(authorisedMs, blind)));

    /// <summary>Answers, and waits until the session has heard it.</summary>
    public Task AnswerAsync(Question question, Settlement answer) => HeardAsync(() => question.Answer.SetResult(answer));

    /// <summary>Nobody can be asked, and the session has noticed.</summary>
    public Task FailAsync(Question question) => HeardAsync(() => question.Answer.SetException(new TimeoutException("The database is away.")));

    /// <summary>Done when the session was ended for want of credit.</summary>
    public async Task SpentAsync()
    {
        try
        {
            await _spent.Task.WaitAsync(Patience, TimeProvider.System);
        }
        catch (TimeoutException missing)
        {
            throw new TimeoutException($"The session was not ended by {_clock.GetTimestamp() / (double)TimeSpan.TicksPerSecond} s.", missing);
        }
    }

    public void Dispose()
    {
        Hold.Dispose();
        _services.Dispose();
    }

    /// <summary>Whoever has heard an answer sets the time to look again, or gives up.</summary>
    private async Task HeardAsync(Action answer)
    {
        var before = _time.Armings;
        answer();
        await Eventually.IsAsync("the session hears the answer", () => Task.FromResult(_time.Armings > before || IsSpent));
    }

    /// <summary>A question on its way.</summary>
    public sealed record Question(SettlementDue Due)
    {
        public TaskCompletionSource<Settlement> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Bank : IGrains, IBillingGrain
    {
        private readonly Channel<Question> _questions = Channel.CreateUnbounded<Question>();
        private int _asked;

        public ChannelReader<Question> Questions => _questions.Reader;

        public int Asked => Volatile.Read(ref _asked);

        public T Get<T>(string key) where T : class => (T)(object)this;

        public ICallback<T> Share<T>(T target) where T : class => throw new NotSupportedException("Nobody is called back here.");

        public Task<IReadOnlyList<Admission>> AdmitAsync(long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken) =>
            throw new NotSupportedException("The session stands already.");

        public async Task<IReadOnlyList<Settlement>> SettleAsync(IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken)
        {
            var question = new Question(Assert.Single(due));
            Interlocked.Increment(ref _asked);
            _questions.Writer.TryWrite(question);
            return [await question.Answer.Task];
        }

        public Task<int> SettleClosedAsync(CancellationToken cancellationToken) => throw new NotSupportedException("Nothing is closed here.");
    }

    /// <summary>The clock, and how often a timer of it was set.</summary>
    private sealed class Watched(TimeProvider clock) : TimeProvider
    {
        private int _armings;

        public int Armings => Volatile.Read(ref _armings);

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Timer(this, clock.CreateTimer(callback, state, dueTime, period));

        private sealed class Timer(Watched watch, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                var changed = timer.Change(dueTime, period);
                Interlocked.Increment(ref watch._armings);
                return changed;
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
