using System.Net.WebSockets;
using System.Text;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Link;

/// <summary>A client's socket at one end, a relay's at the other, and how either leaves.</summary>
public sealed class LinkedClientTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly LinkWorld _world = new();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Theory]
    [InlineData(1000, "bye")]
    [InlineData(1013, "try again")]
    [InlineData(4114, "Connection lost, please reconnect")]
    [InlineData(1011, null)]
    public async Task What_the_relay_says_and_its_close_reach_the_client_and_the_clients_answer_goes_back(int code, string? reason)
    {
        var (client, serving) = await ServeAsync();

        await _world.RelaySocket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        await _world.RelaySocket.CloseOutputAsync((WebSocketCloseStatus)code, reason, CancellationToken.None).WaitAsync(Patience);
        var hello = await client.ReadAsync();
        var end = await client.ReadAsync();
        await client.Theirs.CloseOutputAsync((WebSocketCloseStatus)code, "heard", CancellationToken.None);

        Assert.Equal("hello", Encoding.UTF8.GetString(hello!.Value.Payload));
        Assert.Null(end);
        Assert.Equal((code, reason ?? ""), ((int)client.Theirs.CloseStatus!, client.Theirs.CloseStatusDescription ?? ""));
        Assert.Equal((code, "heard"), await RelayReadsCloseAsync());
        await serving.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(1001, "going")]
    [InlineData(4000, "")]
    public async Task The_clients_close_reaches_the_relay_after_its_frames(int code, string reason)
    {
        var (client, serving) = await ServeAsync();

        await client.Theirs.SendAsync("offer"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        await client.Theirs.CloseOutputAsync((WebSocketCloseStatus)code, reason, CancellationToken.None);
        var buffer = new byte[100];
        var offer = await _world.RelaySocket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(Patience);
        var close = await RelayReadsCloseAsync();
        await _world.RelaySocket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Patience);

        Assert.Equal("offer", Encoding.UTF8.GetString(buffer.AsSpan(0, offer.Count)));
        Assert.Equal((code, reason), close);
        Assert.Equal(WebSocketState.Closed, _world.RelaySocket.State);
        Assert.Null(await client.ReadAsync());
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_client_that_vanishes_is_gone_to_the_relay()
    {
        var (client, serving) = await ServeAsync();

        client.Theirs.Abort();
        client.Ours.Abort();

        Assert.Equal(WebSocketError.ConnectionClosedPrematurely, (await RelayFailsAsync()).WebSocketErrorCode);
        _world.RelaySocket.Abort();
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_relay_that_is_cut_cuts_the_client()
    {
        var (client, serving) = await ServeAsync();

        _world.RelaySocket.Abort();

        await serving.WaitAsync(Patience);
        Assert.Equal(WebSocketState.Aborted, client.Ours.State);
    }

    [Fact]
    public async Task A_client_whose_session_is_in_no_process_any_more_is_told_to_come_back()
    {
        var (client, serving) = await ServeAsync();
        _world.Frames = _ => Task.FromResult(LinkAck.Gone);

        await client.Theirs.SendAsync("anybody there"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

        await AssertToldAsync(client);
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_client_whose_session_is_silent_is_told_to_come_back()
    {
        var (client, _) = await ServeAsync();
        var silence = new TaskCompletionSource<LinkAck>();
        _world.Frames = _ => silence.Task;

        var told = client.ReadAsync();
        await Eventually.IsAsync("the link is given up", () =>
        {
            _world.Time.Advance(TimeSpan.FromMilliseconds(500));
            return Task.FromResult(told.IsCompleted);
        });

        Assert.Contains("Connection lost", Encoding.UTF8.GetString((await told)!.Value.Payload), StringComparison.Ordinal);
        silence.SetResult(LinkAck.Gone);
    }

    [Fact]
    public async Task A_gateway_that_is_silent_is_a_vanished_client_to_the_relay()
    {
        await ServeAsync();
        _world.Frames = _ => throw new TimeoutException("lost");

        var failing = RelayFailsAsync();
        await Eventually.IsAsync("the client counts as vanished", () =>
        {
            _world.Time.Advance(TimeSpan.FromSeconds(1));
            _world.Relay.CheckSilence();
            return Task.FromResult(failing.IsCompleted);
        });

        Assert.Equal(WebSocketError.ConnectionClosedPrematurely, (await failing).WebSocketErrorCode);
    }

    [Fact]
    public async Task An_attach_whose_outcome_is_unknown_is_repeated_with_the_same_attachment()
    {
        _world.Answers.Enqueue(new TimeoutException("unknown"));
        using var linked = _world.Clients.Open(SessionId.New(_world.Time.GetUtcNow()));

        var answer = await linked.AttachAsync(LinkWorld.Request, []).WaitAsync(Patience);

        Assert.Equal(new AttachAnswer(IsAttached: true, Refused: null), answer);
        Assert.Equal(2, _world.Attaches.Count);
        Assert.Single(_world.Attaches.Distinct());
    }

    [Fact]
    public async Task All_clients_are_ended_by_their_sessions_and_cut_when_that_takes_too_long()
    {
        var (client, serving) = await ServeAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1), _world.Time);

        var ending = _world.Clients.EndAllAsync(CloseCode.ServerShutdown, deadline.Token);
        Assert.Equal([CloseCode.ServerShutdown], _world.Closes);
        Assert.False(ending.IsCompleted);
        _world.Time.Advance(TimeSpan.FromSeconds(1));

        await ending.WaitAsync(Patience);
        await serving.WaitAsync(Patience);
        Assert.Equal((WebSocketState.Aborted, 0), (client.Ours.State, _world.Clients.Count));
    }

    private async Task<(SocketPair Client, Task Serving)> ServeAsync()
    {
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        var linked = _world.Clients.Open(SessionId.New(_world.Time.GetUtcNow()));
        await linked.AttachAsync(LinkWorld.Request, []).WaitAsync(Patience);
        var pair = _world.NewSocket();
        return (pair, RunAsync());

        async Task RunAsync()
        {
            await linked.ServeAsync(pair.Ours, new DecartDialect());
            linked.Dispose();
        }
    }

    private static async Task AssertToldAsync(SocketPair client)
    {
        var words = await client.ReadAsync();
        Assert.Contains("Connection lost", Encoding.UTF8.GetString(words!.Value.Payload), StringComparison.Ordinal);
        Assert.Null(await client.ReadAsync());
        Assert.Equal((4114, "Connection lost, please reconnect"), ((int?)client.Theirs.CloseStatus, client.Theirs.CloseStatusDescription));
        await client.Theirs.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private async Task<(int Code, string Reason)> RelayReadsCloseAsync()
    {
        var received = await _world.RelaySocket.ReceiveAsync(new byte[100].AsMemory(), CancellationToken.None).AsTask().WaitAsync(Patience);
        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        return ((int)_world.RelaySocket.CloseStatus!, _world.RelaySocket.CloseStatusDescription ?? "");
    }

    private async Task<WebSocketException> RelayFailsAsync() => await Assert.ThrowsAsync<WebSocketException>(
        async () => await _world.RelaySocket.ReceiveAsync(new byte[100].AsMemory(), CancellationToken.None));
}
