using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>
/// A client whose socket is here while its session is in another process: the gateway's end of the link. Frames pass as they
/// come, piece by piece; what they mean and how much of a message is too much, the relay knows.
/// <code>
///   client ──ReceiveAsync──▶ link ──SendAsync of the grain──▶ the relay's socket
///   client ◀──SendAsync──── link ◀──DeliverAsync, shared──── the relay's lane
/// </code>
/// </summary>
public sealed partial class LinkedClient : IClientLink, IDisposable
{
    private const int AttachAttempts = 2;

    /// <summary>How long an attach may take; the claim in it waits for the database.</summary>
    private static readonly TimeSpan AttachTimeout = TimeSpan.FromSeconds(10);

    private readonly ISessionGrain _grain;
    private readonly ICallback<IClientLink> _callback;
    private readonly LinkEnd _link;
    private readonly RelayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<LinkedClient> _forget;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile WebSocket? _socket;

    internal LinkedClient(
        SessionId session, IGrains grains, RelayOptions options, InFlightBudget memory, TimeProvider time, ILogger logger, Action<LinkedClient> forget)
    {
        Session = session;
        _options = options;
        _time = time;
        _logger = logger;
        _forget = forget;
        _grain = grains.Get<ISessionGrain>(session.ToString());
        _callback = grains.Share<IClientLink>(this);
        _link = new LinkEnd(Guid.CreateVersion7(time.GetUtcNow()), batch => _grain.SendAsync(batch, CancellationToken.None), memory, time);
    }

    /// <summary>Its session.</summary>
    public SessionId Session { get; }

    /// <summary>Why the session ended, once its process has said so.</summary>
    public CloseCode? Ended => _link.Ended;

    /// <summary>Done when the client is gone and its socket closed.</summary>
    public Task Completion => _completion.Task;

    /// <summary>
    /// Steps 3 to 5, in the session's process. An attach whose outcome is unknown is repeated; when it stays unknown the client
    /// is refused, and the session, should there be one, ends for want of a client.
    /// </summary>
    public async Task<AttachAnswer> AttachAsync(OpenSession request, IReadOnlyList<KeyValuePair<string, string>> query)
    {
        var attach = new AttachClient(_link.Attachment, request, [.. query.Select(parameter => new QueryParameter(parameter.Key, parameter.Value))]);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answer = await _grain.AttachAsync(attach, _callback.Reference, CancellationToken.None).WaitAsync(AttachTimeout, _time);
                if (answer.IsAttached)
                    _link.Watch();
                return answer;
            }
#pragma warning disable CA1031 // Whatever keeps the grain from deciding, the client must not hang.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogAttachFailed(_logger, exception, Session, attempt);
                if (attempt == AttachAttempts)
                    return new AttachAnswer(IsAttached: false, CloseCode.InternalError);
            }
        }
    }

    /// <summary>Passes frames both ways until the client or its session is gone, and closes the socket.</summary>
    public async Task ServeAsync(WebSocket socket, IDialect dialect)
    {
        _socket = socket;
        var up = PassUpAsync(socket);
        var down = PassDownAsync(socket, dialect);
        await Task.WhenAny(down, _link.Over);
        // What is on its way to the client, a farewell above all, gets a moment.
        await DoneWithinAsync(down, _options.CloseTimeout);
        if (_closedDown)
        {
            // Until it says goodbye, or its relay has waited long enough; who was not told by a relay gets as long.
            await Task.WhenAny(up, _link.Over);
            await DoneWithinAsync(up, _options.CloseTimeout);
            await DoneWithinAsync(_link.WhenDeliveredAsync(CancellationToken.None), _options.CloseTimeout);
        }

        socket.Abort();
    }

    /// <summary>Asks the session to end; its relay tells the client.</summary>
    public async Task EndAsync(CloseCode code, CancellationToken cancellationToken)
    {
        try
        {
            await _grain.CloseAsync(code, cancellationToken);
        }
#pragma warning disable CA1031 // Its process may be gone; then the link is soon.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogEndFailed(_logger, exception, Session);
        }
    }

    /// <inheritdoc/>
    public Task<LinkAck> DeliverAsync(FrameBatch batch, CancellationToken cancellationToken) => Task.FromResult(_link.Receive(batch));

    /// <summary>The client is gone, or was never let in; the other process hears of it if it does not know.</summary>
    public void Dispose()
    {
        Cut();
        _callback.Dispose();
        _forget(this);
        _completion.TrySetResult();
    }

    /// <summary>Cuts socket and link; for a process that has no time left.</summary>
    internal void Cut()
    {
        _link.Cut(tells: !(_closedUp && _closedDown));
        _socket?.Abort();
    }

    /// <summary>Keeps the link alive, and gives it up when the other end does not.</summary>
    internal void Check()
    {
        _link.Beat();
        _link.CheckSilence();
    }

    private async Task DoneWithinAsync(Task task, TimeSpan timeout)
    {
        try
        {
            await task.WaitAsync(timeout, _time);
        }
        catch (TimeoutException)
        {
            // It had its time.
        }
    }

    [LoggerMessage(1161, LogLevel.Warning, "Session {Session} was not attached, attempt {Attempt}")]
    private static partial void LogAttachFailed(ILogger logger, Exception exception, SessionId session, int attempt);

    [LoggerMessage(1164, LogLevel.Warning, "The process of session {Session} is lost to its client: {Ending}")]
    private static partial void LogLost(ILogger logger, SessionId session, LinkEnding ending);

    [LoggerMessage(1162, LogLevel.Warning, "Session {Session} could not be asked to end")]
    private static partial void LogEndFailed(ILogger logger, Exception exception, SessionId session);
}
