using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>
/// One connection to the provider: what came in, how the peer left, and commands for a test that drives by hand.
/// Everything may be called from any thread; commands and the script's steps go out one after the other.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Neither the source nor the semaphore has a timer or a handle; both outlive the connection in a test's hands.")]
public sealed partial class ProviderConnection
{
    private readonly SimulatorOptions _options;
    private readonly ConnectionRequest _request;
    private readonly FrameLog _log;
    private readonly FrameLog.Cursor _byHand = new();
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<Farewell> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebSocket _socket;
    private readonly Stream _stream;
    private readonly Action _abort;
    private readonly Script _script;

    private volatile bool _closedHere;

    internal ProviderConnection(
        string id, long number, ConnectionRequest request, Script script, SessionTruth truth, Stream stream, Action abort, SimulatorOptions options)
    {
        Id = id;
        Number = number;
        OpenedAt = options.TimeProvider.GetUtcNow();
        Truth = truth;
        _request = request;
        _script = script;
        _stream = stream;
        _abort = abort;
        _options = options;
        _log = new(options);
        // No keep-alive: it would cost every idle connection a timer, and providers of this dialect are not known to ping.
        _socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
    }

    /// <summary>The provider's session id, which the connection also goes by at the control endpoints.</summary>
    public string Id { get; }

    /// <summary>The model that was asked for; empty when none was.</summary>
    public string Model => _request.Model;

    /// <summary>The path that was asked for.</summary>
    public string Path => _request.Path;

    /// <summary>The query string as it came, with its question mark and its key.</summary>
    public string QueryString => _request.QueryString;

    /// <summary>The request's headers as they came.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => _request.Headers;

    /// <summary>Wall clock of the end of the handshake.</summary>
    public DateTimeOffset OpenedAt { get; }

    /// <summary>What this connection was sent, and when.</summary>
    public SessionTruth Truth { get; }

    /// <summary>The newest frames that the client sent, oldest first. An echoing connection records none.</summary>
    public IReadOnlyList<Frame> Received => _log.Snapshot();

    /// <summary>How many frames the client sent in all, whether they are still remembered or not; not counted while echoing.</summary>
    public long ReceivedCount => _log.Totals.Frames;

    /// <summary>How many payload bytes the client sent in all; not counted while echoing.</summary>
    public long ReceivedBytes => _log.Totals.Bytes;

    /// <summary>How the connection ended; null while it has not.</summary>
    public Farewell? Farewell => _completion.Task.IsCompletedSuccessfully ? _completion.Task.Result : null;

    /// <summary>Completes when the connection has ended, whoever ended it.</summary>
    public Task<Farewell> Completion => _completion.Task;

    /// <summary>Order of arrival.</summary>
    internal long Number { get; }

    /// <summary>Somebody was given this connection as the next one.</summary>
    internal bool IsClaimed { get; set; }

    /// <summary>The room that a client of dialect B is sent to.</summary>
    internal byte[] RoomInfo() => DecartWire.RoomInfo(_request.LiveKit, Id);

    /// <summary>The frame is a join, and the script lets it stand for an offer.</summary>
    internal bool JoinsForOffer(Frame frame) => frame.Name is "livekit_join" && _script.Automatic.HasFlag(AutomaticReplies.LiveKit);

    /// <inheritdoc cref="FrameLog.NextAsync"/>
    internal Task<Frame?> NextFrameAsync(FrameLog.Cursor cursor, Func<Frame, bool> wanted, CancellationToken cancellationToken) =>
        _log.NextAsync(cursor, wanted, cancellationToken);

    /// <summary>Plays the script and reads until the connection has ended.</summary>
    internal async Task RunAsync()
    {
        try
        {
            // The script first: what it says before its first wait goes out before any automatic answer.
            var playing = PlayToEndAsync();
            var farewell = await ReadAsync();
            Truth.Over();

            // From here on nothing but the reply to the peer's close goes out.
            await _over.CancelAsync();
            await SayGoodbyeAsync(farewell);
            await playing;
            Truth.Add(
                farewell.Code is null && !farewell.Vanished ? TruthKind.Dropped : farewell.Vanished ? TruthKind.PeerVanished : TruthKind.PeerClosed,
                text: farewell.Reason, code: farewell.Code);
            _completion.TrySetResult(farewell);
        }
        catch (Exception exception)
        {
            // A mistake of the simulator itself: the test that looks at the end of the connection shall see it.
            _completion.TrySetException(exception);
            throw;
        }
        finally
        {
            _log.Complete();
            _closeTimer?.Dispose();
            _echoBuffer?.Dispose();
            _socket.Dispose();
        }
    }

    private async Task PlayToEndAsync()
    {
        try
        {
            await new ScriptPlayer(this, new(), _options).PlayAsync(_script, _over.Token);
        }
        catch
        {
            _abort();
            throw;
        }
    }
}
