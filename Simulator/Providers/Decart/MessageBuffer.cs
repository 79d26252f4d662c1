using System.Buffers;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>A message on its way in, in a rented buffer that grows with it.</summary>
internal sealed class MessageBuffer : IDisposable
{
    private const int FirstSize = 4096;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(FirstSize);

    /// <summary>How many bytes of the message are there.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes that are there; good until the next change.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Room for more, at least one byte and at most <paramref name="atMost"/>.</summary>
    public Memory<byte> Free(int atMost)
    {
        if (Length == _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(2 * _bytes.Length);
            _bytes.CopyTo(larger, 0);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        return _bytes.AsMemory(Length, Math.Min(atMost, _bytes.Length - Length));
    }

    public void Advance(int bytes) => Length += bytes;

    public void Clear() => Length = 0;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}
