using System.Buffers;
using System.Diagnostics;
using System.Text;
using Orchestrator.Simulator.Providers.LiveStyler;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>Performs the steps of a script on a connection, one after the other. Each answers false when the connection is over.</summary>
internal sealed class ScriptPlayer(ProviderConnection connection, FrameLog.Cursor cursor, SimulatorOptions options)
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _time = options.TimeProvider;

    /// <summary>True when every step was performed, false when the connection ended before.</summary>
    public async ValueTask<bool> PlayAsync(Script script, CancellationToken over)
    {
        try
        {
            foreach (var step in script.Steps)
            {
                if (!await PerformAsync(step, over))
                    return false;
            }
            return true;
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return false;
        }
    }

    private ValueTask<bool> PerformAsync(Step step, CancellationToken over) => step switch
    {
        Step.Expect expect            => ExpectAsync(expect.Type, over),
        Step.Authenticate             => AuthenticateAsync(over),
        Step.Send send                => SendAsync(Encoding.UTF8.GetBytes(send.Text)),
        Step.SendBytes send           => SendBytesAsync(send),
        // Dialect B names the session in its room, and has no answer and no candidates.
        Step.SessionId                => connection.SpeaksLiveKit ? new(true) : SendAsync(DecartWire.SessionId(connection.Id)),
        Step.Answer answer            => connection.SpeaksLiveKit ? SendRoomAsync() : SendAsync(DecartWire.Answer(answer.Sdp)),
        Step.IceCandidates candidates => connection.SpeaksLiveKit ? new(true) : SendCandidatesAsync(candidates),
        Step.RoomInfo                 => SendRoomAsync(),
        Step.Queue queue              => QueueAsync(queue, over),
        Step.Status status            => SendAsync(DecartWire.Status(status.Text)),
        Step.GenerationStarted        => SendAsync(DecartWire.GenerationStarted),
        Step.Ticks ticks              => TickAsync(ticks, over),
        Step.TickRaw tick             => SendAsync(DecartWire.TickRaw(tick.Seconds)),
        Step.GenerationEnded ended    => SendAsync(DecartWire.GenerationEnded(ended.Seconds ?? connection.LastSeconds, ended.Reason)),
        Step.Error error              => SendAsync(DecartWire.Error(error.Message, error.ErrorType)),
        Step.UnknownType              => SendAsync(DecartWire.UnknownType),
        Step.HugeFrame huge           => FloodAsync("sim_huge", frames: 1, huge.Bytes),
        Step.Flood flood              => FloodAsync("sim_flood", flood.Frames, flood.Bytes),
        Step.Close close              => AfterAsync(connection.CloseAsync(close.Code, close.Reason)),
        Step.Drop                     => DoAsync(connection.Drop),
        Step.Stall stall              => StallAsync(stall.Duration, over),
        Step.SlowRead slow            => DoAsync(() => connection.BrakeReading(slow.BytesPerSecond)),
        Step.Echo                     => DoAsync(connection.StartEcho),
        Step.Wait wait                => AfterAsync(Task.Delay(wait.Duration, _time, over)),
        Step.Hold                     => AfterAsync(Task.Delay(Timeout.InfiniteTimeSpan, _time, over)),
        _                             => throw new UnreachableException($"No one performs {step}."),
    };

    private async ValueTask<bool> ExpectAsync(string type, CancellationToken over) =>
        // A client of dialect B joins where one of dialect A offers.
        await connection.NextFrameAsync(cursor, frame => frame.Name == type || (type is "offer" && connection.JoinsForOffer(frame)), over) is not null;

    private async ValueTask<bool> AuthenticateAsync(CancellationToken over)
    {
        if (await connection.NextFrameAsync(cursor, _ => true, over) is not { } first)
            return false;
        if (LiveStylerWire.CredentialOf(first) == options.ApiKey)
            return await SendAsync(Encoding.UTF8.GetBytes(LiveStylerWire.AuthSuccess));
        await connection.CloseAsync(code: null);
        return false;
    }

    private ValueTask<bool> SendAsync(byte[] message) => connection.TrySendTextAsync(message);

    private ValueTask<bool> SendRoomAsync() => SendAsync(connection.RoomInfo());

    private async ValueTask<bool> SendBytesAsync(Step.SendBytes send)
    {
        var filler = new byte[send.Count];
        filler.AsSpan().Fill((byte)'x');
        return await connection.TrySendAsync(send.Kind, filler);
    }

    private async ValueTask<bool> SendCandidatesAsync(Step.IceCandidates candidates)
    {
        for (var number = 1; number <= candidates.Count; number++)
        {
            if (!await SendAsync(DecartWire.IceCandidate(number)))
                return false;
        }
        return !candidates.End || await SendAsync(DecartWire.EndOfCandidates);
    }

    private async ValueTask<bool> QueueAsync(Step.Queue queue, CancellationToken over)
    {
        if (queue.Every is not { } every)
            return await SendAsync(DecartWire.QueuePosition(queue.Position, queue.Size));

        // Those in front leave and nobody joins: position and size fall together.
        for (var position = queue.Position; position >= 1; position--)
        {
            if (!await SendAsync(DecartWire.QueuePosition(position, queue.Size - (queue.Position - position))))
                return false;
            await Task.Delay(every, _time, over);
        }
        return true;
    }

    private async ValueTask<bool> TickAsync(Step.Ticks ticks, CancellationToken over)
    {
        // A step that never waits must not keep the reader from starting.
        await Task.Yield();
        // Each is due by the step's beginning and not by the one before it, so that lateness never adds up.
        var began = _time.GetTimestamp();
        for (var index = 0L; ticks.Count is not { } count || index < count; index++)
        {
            var due = TimeSpan.FromTicks(ticks.Every.Ticks * (index + 1));
            while (due - _time.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
                // Timers count whole milliseconds and cut off: asking for less than one would spin.
                await Task.Delay(left < Millisecond ? Millisecond : left, _time, over);

            over.ThrowIfCancellationRequested();
            if (!await SendAsync(DecartWire.Tick(ticks.From + index * ticks.Increment)))
                return false;
        }
        return true;
    }

    private async ValueTask<bool> FloodAsync(string type, int frames, int bytes)
    {
        // A step that never waits must not keep the reader from starting.
        await Task.Yield();
        var buffer = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            var message = buffer.AsMemory(0, bytes);
            DecartWire.Fill(message.Span, type);
            for (var number = 0; number < frames; number++)
            {
                DecartWire.Renumber(message.Span, number);
                if (!await connection.TrySendAsync(FrameKind.Text, message))
                    return false;
            }
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<bool> StallAsync(TimeSpan? duration, CancellationToken over)
    {
        connection.PauseReading();
        try
        {
            await Task.Delay(duration ?? Timeout.InfiniteTimeSpan, _time, over);
            return true;
        }
        finally
        {
            connection.ResumeReading();
        }
    }

    private static ValueTask<bool> DoAsync(Action action)
    {
        action();
        return new(true);
    }

    private static async ValueTask<bool> AfterAsync(Task task)
    {
        await task;
        return true;
    }
}
