using System.Buffers;
using System.Net.WebSockets;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// One socket's message while it is being read. Small messages use the one pooled array again and again; a larger one grows
/// by doubling, and what it grows by is taken from the process's budget.
/// </summary>
internal sealed class MessageBuffer(InFlightBudget budget, int maxBytes) : IDisposable
{
    /// <summary>What every socket holds while it waits for its next message.</summary>
    public const int BaseBytes = 4096;

    private byte[] _array = [];
    private int _length;
    private int _charged;
    private IDisposable? _overdraft;

    /// <summary>Where the next bytes go. Not empty after <see cref="MakeRoomAsync"/>.</summary>
    public Memory<byte> Free => _array.AsMemory(_length);

    /// <summary>The message so far.</summary>
    public ReadOnlyMemory<byte> Payload => _array.AsMemory(0, _length);

    /// <summary>So many bytes were read into <see cref="Free"/>.</summary>
    public void Advance(int bytes) => _length += bytes;

    /// <summary>Makes this the whole message.</summary>
    public void Write(ReadOnlySpan<byte> message)
    {
        Dispose();
        _array = ArrayPool<byte>.Shared.Rent(Math.Max(message.Length, 1));
        message.CopyTo(_array);
        _length = message.Length;
    }

    /// <summary>Makes room for at least one byte more.</summary>
    public ValueTask MakeRoomAsync()
    {
        if (_length < _array.Length)
            return ValueTask.CompletedTask;
        if (_array.Length > 0)
            return GrowAsync();

        _array = ArrayPool<byte>.Shared.Rent(BaseBytes);
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether the message is larger than it may be, or must become so because it goes on.</summary>
    public bool IsTooBig(bool goesOn) => _length > maxBytes || (goesOn && _length == maxBytes);

    /// <summary>Forgets the message and keeps the array, unless it had grown.</summary>
    public void Clear()
    {
        _length = 0;
        if (_charged > 0)
            Dispose();
    }

    /// <summary>Hands the message over to whoever sends it later.</summary>
    public OutgoingMessage Detach(WebSocketMessageType kind)
    {
        if (_charged == 0)
        {
            _charged = _array.Length;
            budget.Charge(_charged);
        }

        var message = new OutgoingMessage(_array, _length, kind, _charged, _overdraft);
        (_array, _length, _charged, _overdraft) = ([], 0, 0, null);
        return message;
    }

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        if (_array.Length > 0)
            Detach(WebSocketMessageType.Binary).Release(budget);
    }

    private async ValueTask GrowAsync()
    {
        var larger = checked(_array.Length * 2);
        if (!budget.TryTake(larger))
        {
            _overdraft ??= await budget.OverdrawAsync();
            budget.Charge(larger);
        }

        var array = ArrayPool<byte>.Shared.Rent(larger);
        Payload.CopyTo(array);
        ArrayPool<byte>.Shared.Return(_array);
        budget.Return(_charged);
        (_array, _charged) = (array, larger);
    }
}

/// <summary>A message that waits to be sent, with what it took from the budget.</summary>
internal readonly record struct OutgoingMessage(byte[] Array, int Length, WebSocketMessageType Kind, int Charged, IDisposable? Overdraft)
{
    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Payload => Array.AsMemory(0, Length);

    /// <summary>Gives everything back. The array may not be looked at afterwards.</summary>
    public void Release(InFlightBudget budget)
    {
        ArrayPool<byte>.Shared.Return(Array);
        budget.Return(Charged);
        Overdraft?.Dispose();
    }
}
