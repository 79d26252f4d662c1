using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Sessions.Observing;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Observing;

/// <summary>Observers of a session that is in another process: its grain is asked for pages, which come as JSON.</summary>
public sealed class PolledObserverTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SessionRing _ring = new(64 * 1024, new RingBudget(long.MaxValue), TimeProvider.System);
    private readonly RecordedLog _log = new();
    private readonly ApplicationLifetime _host = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly ObserverOptions _options = new() { StallTimeout = TimeSpan.FromMilliseconds(300), PollInterval = TimeSpan.FromMilliseconds(20) };

    public void Dispose() => _ring.Dispose();

    [Fact]
    public async Task One_that_takes_nothing_is_dropped_alone_and_told_its_last_sequence()
    {
        using SocketPair slow = new(16 * 1024), quick = new(16 * 1024);
        var (servingSlow, servingQuick) = (ServeAsync(slow), ServeAsync(quick));
        var heard = HearAsync(quick.Theirs);

        // The session goes on meanwhile, and waits for nobody.
        await Eventually.SeesAsync(
            "the slow one is given up", () => Task.FromResult(Say(200)), _ => _log.Lines.Any(line => line.Contains("takes nothing", StringComparison.Ordinal)), Patience);
        Say(1);
        var last = _ring.Next - 1;
        var told = await HearAsync(slow.Theirs).WaitAsync(Patience);
        _ring.Close();
        var toldQuick = await heard.WaitAsync(Patience);
        await Task.WhenAll(servingSlow, servingQuick).WaitAsync(Patience);

        Assert.Equal((4109, $"Client reads too slowly; last sequence {told.Last}"), (told.Code, told.Reason));
        Assert.InRange(told.Last, 1, last - 1);
        Assert.Equal((1000, last), (toldQuick.Code, toldQuick.Last));
    }

    [Fact]
    public async Task One_that_reads_is_told_everything_and_the_end()
    {
        using var pair = new SocketPair();
        var serving = ServeAsync(pair);
        Say(20);
        var heard = HearAsync(pair.Theirs);
        _ring.Close();

        var told = await heard.WaitAsync(Patience);
        await serving.WaitAsync(Patience);

        Assert.Equal((1000, _ring.Next - 1), (told.Code, told.Last));
    }

    private long Say(int frames)
    {
        for (var i = 0; i < frames; i++)
            _ring.Add(ObservedFrom.Upstream, """{"type":"much","x":"                                                                        "}"""u8, isText: true);
        return _ring.Next;
    }

    private async Task ServeAsync(SocketPair pair)
    {
        var session = SessionId.New(TimeProvider.System.GetUtcNow());
        var observer = new Observer(session, new TenantId(session.Value), ObserverGrants.All, "key:x", () => null);
        // None of this process: whatever is read comes from the grain.
        var feed = new ObserverFeed(observer, new SessionRegistry(), new Elsewhere(_ring), queries: null!, _host, _options.PollInterval, TimeProvider.System);
        using var socket = new ObserverSocket(pair.Ours, observer, feed, _options, TimeProvider.System, _log.CreateLogger("observers"));
        var cursor = new ObserverCursor(1);
        await socket.ServeAsync(new ObserverLoop(feed, socket, TimeProvider.System), cursor, await feed.ReadAsync(cursor.Next, CancellationToken.None), CancellationToken.None);
    }

    /// <summary>Reads to the end, and checks that every number comes once and in order, or is announced as lost.</summary>
    private static async Task<(int? Code, string? Reason, long Last)> HearAsync(WebSocket socket)
    {
        var (buffer, next) = (new byte[64 * 1024], 1L);
        using var message = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (part.MessageType is WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return ((int?)socket.CloseStatus, socket.CloseStatusDescription, next - 1);
            }

            message.Write(buffer.AsSpan(0, part.Count));
            if (!part.EndOfMessage)
                continue;
            var told = JsonElement.Parse(message.ToArray());
            message.SetLength(0);
            var isGap = told.GetProperty("type").GetString() == "gap";
            Assert.True(next == told.GetProperty(isGap ? "from" : "seq").GetInt64(), string.Create(CultureInfo.InvariantCulture, $"{next} was to come, and not {told}"));
            next = isGap ? told.GetProperty("to").GetInt64() + 1 : next + 1;
        }
    }

    /// <summary>The grain of a session in another process.</summary>
    private sealed class Elsewhere(SessionRing ring) : IGrains, ISessionGrain
    {
        public T Get<T>(string key) where T : class => (T)(object)this;

        public ICallback<T> Share<T>(T target) where T : class => throw new NotSupportedException();

        public async Task<ObservedPage> ReadFramesAsync(long from, int bytes, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return JsonSerializer.Deserialize<ObservedPage>(JsonSerializer.SerializeToUtf8Bytes(ring.Read(from, bytes), ContractJson.Options), ContractJson.Options)!;
        }

        public Task<CloseCode?> OpenAsync(OpenSession request, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<AttachAnswer> AttachAsync(AttachClient request, IClientLink client, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<LinkAck> SendAsync(FrameBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task ObserveAsync(IReadOnlyList<SessionEvent> events, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<bool> SteerAsync(SteeringFrame frame, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<SessionLook> LookAsync(bool isClient, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<SignalAnswer> SignalAsync(ClientSignal signal, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task<WatchAnswer> WatchAsync(Watcher watcher, CancellationToken cancellationToken) => throw new NotSupportedException();
        public Task CloseAsync(CloseCode code, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
