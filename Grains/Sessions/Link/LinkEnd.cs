using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>How a link came to its end.</summary>
internal enum LinkEnding
{
    /// <summary>It has not.</summary>
    None,
    /// <summary>This end cut it.</summary>
    Cut,
    /// <summary>The other end cut it.</summary>
    CutByPeer,
    /// <summary>The other end has no such link, or has lost count: its process is another than before.</summary>
    Gone,
    /// <summary>The other end has not been heard for too long.</summary>
    Silent,
}

/// <summary>
/// One end of a link between a client's gateway and its session's relay: both ends are the same. Frames go in at one and come
/// out at the other, in order and once, whatever happens to the calls between.
/// </summary>
internal sealed class LinkEnd
{
    /// <summary>How long an end hears nothing until it gives the other up. Some batch travels each <see cref="BeatInterval"/>.</summary>
    public static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(6);

    /// <summary>How long the gateway's end is quiet until it sends a sign of life.</summary>
    public static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(2);

    private const int CutAttempts = 2;

    private static readonly TimeSpan CutTimeout = TimeSpan.FromSeconds(1);

    private readonly LinkReceiver _receiver;
    private readonly LinkSender _sender;
    private readonly LinkCall _call;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _ending;
    private long _heardAt;

    /// <summary>An end that reaches the other by that call.</summary>
    public LinkEnd(Guid attachment, LinkCall call, InFlightBudget memory, TimeProvider time)
    {
        Attachment = attachment;
        _time = time;
        _call = call;
        _receiver = new LinkReceiver(memory, () => _sender!.Owe());
        _sender = new LinkSender(attachment, CallAsync, _receiver, memory, time, Failed);
    }

    /// <summary>Which link it is.</summary>
    public Guid Attachment { get; }

    /// <summary>How it ended.</summary>
    public LinkEnding Ending => (LinkEnding)Volatile.Read(ref _ending);

    /// <summary>Done when it has ended.</summary>
    public Task Over => _over.Task;

    /// <summary>Why the session has ended, as far as the other end knows and has said.</summary>
    public CloseCode? Ended { get; private set; }

    /// <summary>How many bytes lie here unread.</summary>
    public long Unread => _receiver.Unread;

    /// <summary>A batch of the other end came. Answers at once.</summary>
    public LinkAck Receive(FrameBatch batch)
    {
        if (batch.Attachment != Attachment || Ending is not LinkEnding.None)
            return LinkAck.Gone;
        if (batch.IsCut)
        {
            End(LinkEnding.CutByPeer);
            return LinkAck.Gone;
        }

        Hear();
        Ended ??= batch.Ended is { } why && Enum.IsDefined(why) ? why : null; // a newer process may know more of them
        var answer = _receiver.Receive(batch.Position, batch.Frames);
        _sender.Heard(batch.Limit);
        return answer;
    }

    /// <inheritdoc cref="LinkReceiver.TryRead"/>
    public bool TryRead(out LinkFrame frame) => _receiver.TryRead(out frame);

    /// <inheritdoc cref="LinkReceiver.ReadAsync"/>
    public ValueTask<LinkFrame> ReadAsync() => _receiver.ReadAsync();

    /// <inheritdoc cref="LinkSender.SendAsync"/>
    public ValueTask SendAsync(LinkFrameKind kind, bool isLast, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        _sender.SendAsync(kind, isLast, payload, cancellationToken);

    /// <inheritdoc cref="LinkSender.WhenDeliveredAsync"/>
    public Task WhenDeliveredAsync(CancellationToken cancellationToken) => _sender.WhenDeliveredAsync(cancellationToken);

    /// <summary>The session has ended for that reason, which the other end hears with the next that leaves.</summary>
    public void Ends(CloseCode why) => _sender.Ends(why);

    /// <summary>From now on silence counts: the client is attached.</summary>
    public void Watch() => Volatile.Write(ref _heardAt, _time.GetTimestamp());

    /// <summary>Gives the other end up if it was silent too long.</summary>
    public void CheckSilence()
    {
        if (Volatile.Read(ref _heardAt) is var at && at != 0 && _time.GetElapsedTime(at) > SilenceTimeout)
            End(LinkEnding.Silent);
    }

    /// <summary>Sends a sign of life if nothing else has left for a while.</summary>
    public void Beat()
    {
        if (Volatile.Read(ref _heardAt) != 0 && (_sender.SentAt is var at) && (at == 0 || _time.GetElapsedTime(at) >= BeatInterval))
            _sender.Owe();
    }

    /// <summary>Cuts it: what waits in either direction is lost, and the other end is told. Safe to repeat.</summary>
    /// <param name="tells">Not when both ends have said all there was to say.</param>
    public void Cut(bool tells = true)
    {
        if (End(LinkEnding.Cut) && tells)
            _ = Background.RunAsync(TellCutAsync);
        // Whatever ended it, nobody reads here any more.
        _receiver.End(drops: true);
    }

    private async Task<LinkAck> CallAsync(FrameBatch batch)
    {
        var answer = await _call(batch);
        if (!answer.IsGone)
            Hear();
        return answer;
    }

    private void Hear()
    {
        if (Volatile.Read(ref _heardAt) != 0)
            Watch();
    }

    private void Failed(LinkVerdict? verdict) => End(verdict is null ? LinkEnding.Silent : LinkEnding.Gone);

    private bool End(LinkEnding ending)
    {
        if (Interlocked.CompareExchange(ref _ending, (int)ending, (int)LinkEnding.None) != (int)LinkEnding.None)
            return false;
        _sender.End();
        _receiver.End(drops: false);
        _over.TrySetResult();
        return true;
    }

    private async Task TellCutAsync()
    {
        var cut = new FrameBatch(Attachment, 0, 0, [], IsCut: true);
        for (var attempt = 0; attempt < CutAttempts; attempt++)
        {
            try
            {
                await _call(cut).WaitAsync(CutTimeout, _time);
                return;
            }
#pragma warning disable CA1031 // Told or not, it will notice: nobody answers it here any more.
            catch (Exception)
#pragma warning restore CA1031
            {
                // Perhaps the next time.
            }
        }
    }
}
