using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions;

/// <summary>What sockets did, on its way to the session's grain.</summary>
public class EventOutboxTests
{
    private readonly TestTimeProvider _time = new();
    private readonly Journal _journal = new("grain");
    private readonly EventOutbox _outbox;
    private int _dropped;

    public EventOutboxTests() =>
        _outbox = new EventOutbox(new Grain(_journal), _time, () => _journal.Write("abandoned"), () => _dropped++, NullLogger.Instance);

    [Fact]
    public async Task One_call_is_under_way_and_the_rest_gathers_in_order()
    {
        _journal.Hold("call");

        _outbox.Post(new SessionEvent.UpstreamOpened());
        await _journal.ReadAsync("call 1: UpstreamOpened");
        _outbox.Post(new SessionEvent.MediaOffered());
        _outbox.Post(new SessionEvent.GenerationStarted(1));
        _outbox.Post(new SessionEvent.CloseRequested(CloseCode.Completed));
        _journal.Release("call");

        await _journal.ReadAsync("call 2: MediaOffered, GenerationStarted, CloseRequested");
        Assert.Equal(2, _journal.Lines.Count);
    }

    [Fact]
    public async Task A_call_that_failed_is_repeated_with_the_same_events_before_any_later_one()
    {
        _journal.Fail("call");

        _outbox.Post(new SessionEvent.UpstreamOpened());
        await _journal.ReadAsync("call 1: UpstreamOpened");
        await Eventually.IsAsync("the wait before the next attempt", () => Task.FromResult(_time.ArmedTimers == 1));
        _outbox.Post(new SessionEvent.GenerationStarted(1));
        _time.Advance(TimeSpan.FromMilliseconds(100));

        await _journal.ReadAsync("call 3: GenerationStarted");
        Assert.Equal(["call 1: UpstreamOpened", "call 2: UpstreamOpened", "call 3: GenerationStarted"], _journal.Lines);
    }

    [Fact]
    public async Task A_grain_that_never_takes_them_loses_its_session_after_five_attempts()
    {
        _journal.Fail("always");
        _outbox.Post(new SessionEvent.UpstreamOpened());

        for (var attempt = 1; attempt <= 4; attempt++)
        {
            await _journal.ReadAsync($"call {attempt}: UpstreamOpened");
            await Eventually.IsAsync("the wait before the next attempt", () => Task.FromResult(_time.ArmedTimers == 1));
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await _journal.ReadAsync("abandoned");
        Assert.Equal(6, _journal.Lines.Count);
    }

    [Fact]
    public async Task Reports_beyond_the_bound_are_dropped_and_what_matters_is_not()
    {
        _journal.Hold("call");
        _outbox.Post(new SessionEvent.UpstreamOpened());
        await _journal.ReadAsync("call 1: UpstreamOpened");

        for (var position = 0; position < 100; position++)
            _outbox.Post(new SessionEvent.Queued(position, 100));
        _outbox.Post(new SessionEvent.GenerationStarted(1));
        _outbox.Post(new SessionEvent.CloseRequested(CloseCode.Completed));
        _journal.Release("call");

        await _journal.ReadAsync($"call 2: {string.Concat(Enumerable.Repeat("Queued, ", 64))}GenerationStarted, CloseRequested");
        Assert.Equal(36, _dropped);
    }

    [Fact]
    public async Task A_report_that_repeats_the_last_one_is_dropped()
    {
        _journal.Hold("call");
        _outbox.Post(new SessionEvent.UpstreamOpened());
        await _journal.ReadAsync("call 1: UpstreamOpened");

        _outbox.Post(new SessionEvent.NodeReported(NodeStatus.Pending));
        _outbox.Post(new SessionEvent.NodeReported(NodeStatus.Pending));
        _outbox.Post(new SessionEvent.NodeReported(NodeStatus.Waiting));
        _journal.Release("call");

        await _journal.ReadAsync("call 2: NodeReported, NodeReported");
        Assert.Equal(1, _dropped);
    }

    private sealed class Grain(Journal journal) : ISessionGrain
    {
        private bool _always;

        public async Task ObserveAsync(IReadOnlyList<SessionEvent> events, CancellationToken cancellationToken)
        {
            journal.Write($"call {journal.Next("calls")}: {string.Join(", ", events.Select(@event => @event.GetType().Name))}");
            await journal.PassAsync("call");
            journal.FailIfAsked("call");
            _always |= Record.Exception(() => journal.FailIfAsked("always")) is not null;
            if (_always)
                throw new InvalidOperationException("always");
        }

        public Task<CloseCode?> OpenAsync(OpenSession request, CancellationToken cancellationToken) => Task.FromResult<CloseCode?>(null);
        public Task<ObservedPage> ReadFramesAsync(long from, int bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> SteerAsync(SteeringFrame frame, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<SessionLook> LookAsync(bool isClient, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<SignalAnswer> SignalAsync(ClientSignal signal, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<WatchAnswer> WatchAsync(Watcher watcher, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task CloseAsync(CloseCode code, CancellationToken cancellationToken) => Task.CompletedTask;
        public Task<AttachAnswer> AttachAsync(AttachClient request, IClientLink client, CancellationToken cancellationToken) => Task.FromResult(new AttachAnswer(true, null));
        public Task<LinkAck> SendAsync(FrameBatch batch, CancellationToken cancellationToken) => Task.FromResult(LinkAck.Gone);
    }
}
