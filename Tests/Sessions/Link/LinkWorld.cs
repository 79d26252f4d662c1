using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Link;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Link;

/// <summary>A gateway without grains, its client's socket, and whatever answers in the session's process: the relay's end of the link.</summary>
internal sealed class LinkWorld : IGrains, IAsyncDisposable
{
    /// <summary>What a client asks for.</summary>
    public static OpenSession Request { get; } = new(
        [new TenantId(Guid.Parse("0198a5a2-0000-7000-8000-000000000002"))], Guid.Empty, "simulator", "sim-demo", "decart", [], null, null, null, null);

    private readonly InFlightBudget _memory = new(1024 * 1024 * 1024, maxMessage: 0);
    private readonly List<SocketPair> _sockets = [];

    public LinkWorld() =>
        Clients = new AttachedClients(this, Options.Create(new RelayOptions { CloseTimeout = TimeSpan.FromMilliseconds(500) }), Time, NullLogger<AttachedClients>.Instance);

    public TestTimeProvider Time { get; } = new();
    public AttachedClients Clients { get; }

    /// <summary>What each attach is answered with, or the exception that it fails with; once they are used up, with a relay.</summary>
    public Queue<object> Answers { get; } = new();

    /// <summary>Every attach that came: its session and its attachment.</summary>
    public List<(string Session, Guid Attachment)> Attaches { get; } = [];

    /// <summary>Codes that sessions were asked to end with.</summary>
    public List<CloseCode> Closes { get; } = [];

    /// <summary>The relay's end of the last link.</summary>
    public LinkEnd Relay { get; private set; } = null!;

    /// <summary>The relay's end as its relay sees it.</summary>
    public LinkedSocket RelaySocket { get; private set; } = null!;

    /// <summary>What the grain answers to frames, in place of its relay.</summary>
    public Func<FrameBatch, Task<LinkAck>>? Frames { get; set; }

    public SocketPair NewSocket()
    {
        var pair = new SocketPair();
        _sockets.Add(pair);
        return pair;
    }

    public T Get<T>(string key) where T : class => (T)(object)new Grain(this, key);

    public ICallback<T> Share<T>(T target) where T : class => new Callback<T>(target);

    public async ValueTask DisposeAsync()
    {
        await Clients.DisposeAsync();
        foreach (var pair in _sockets)
            pair.Dispose();
    }

    private sealed class Callback<T>(T target) : ICallback<T> where T : class
    {
        public T Reference => target;
        public void Dispose() { }
    }

    private sealed class Grain(LinkWorld world, string key) : ISessionGrain
    {
        public async Task<AttachAnswer> AttachAsync(AttachClient request, IClientLink client, CancellationToken cancellationToken)
        {
            await Task.Yield();
            world.Attaches.Add((key, request.Attachment));
            if (world.Answers.TryDequeue(out var answer))
                return answer as AttachAnswer ?? throw (Exception)answer;

            world.Relay = new LinkEnd(request.Attachment, batch => client.DeliverAsync(batch, CancellationToken.None), world._memory, world.Time);
            world.RelaySocket = new LinkedSocket(world.Relay);
            world.Relay.Watch();
            return new AttachAnswer(IsAttached: true, Refused: null);
        }

        public async Task<LinkAck> SendAsync(FrameBatch batch, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return world.Frames is { } frames ? await frames(batch) : world.Relay.Receive(batch);
        }

        public Task<ObservedPage> ReadFramesAsync(long from, int bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> SteerAsync(SteeringFrame frame, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<SessionLook> LookAsync(bool isClient, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<SignalAnswer> SignalAsync(ClientSignal signal, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<WatchAnswer> WatchAsync(Watcher watcher, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task CloseAsync(CloseCode code, CancellationToken cancellationToken)
        {
            world.Closes.Add(code);
            return Task.CompletedTask;
        }

        public Task<CloseCode?> OpenAsync(OpenSession request, CancellationToken cancellationToken) => Task.FromResult<CloseCode?>(null);
        public Task ObserveAsync(IReadOnlyList<SessionEvent> events, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
