using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>What a frame of a link is. The numbers are on the wire.</summary>
internal enum LinkFrameKind
{
    /// <summary>A piece of a text message.</summary>
    Text = 0,
    /// <summary>A piece of a binary message.</summary>
    Binary = 1,
    /// <summary>The peer of the socket at the other end closed it, or should have its own closed.</summary>
    Close = 2,
    /// <summary>That peer is gone without a word; also what a reader gets when the link is over.</summary>
    Vanished = 3,
    /// <summary>That peer broke the protocol.</summary>
    Broken = 4,
}

/// <summary>A frame of a link and the form it has in a batch.</summary>
internal readonly record struct LinkFrame(LinkFrameKind Kind, bool IsLast, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The length of the head before each frame.</summary>
    public const int HeadBytes = sizeof(uint);

    private const int KindBits = 3;
    private const uint KindMask = (1 << KindBits) - 1;
    private const uint LastBit = 1 << KindBits;

    /// <summary>Nothing more will come.</summary>
    public static LinkFrame End { get; } = new(LinkFrameKind.Vanished, IsLast: true, ReadOnlyMemory<byte>.Empty);

    /// <summary>Whether it is a piece of a message.</summary>
    public bool IsData => Kind is LinkFrameKind.Text or LinkFrameKind.Binary;

    /// <summary>The kind of message it is a piece of.</summary>
    public WebSocketMessageType MessageType => Kind is LinkFrameKind.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary;

    /// <summary>What it takes in a batch.</summary>
    public int PackedBytes => HeadBytes + Payload.Length;

    /// <summary>The code and the words of a close; without them when it has none.</summary>
    public (int? Code, string? Reason) Close => Payload.Length < sizeof(ushort)
        ? (null, null)
        : (BinaryPrimitives.ReadUInt16BigEndian(Payload.Span), Encoding.UTF8.GetString(Payload.Span[sizeof(ushort)..]));

    /// <summary>The kind of frame for a kind of message.</summary>
    public static LinkFrameKind KindOf(WebSocketMessageType type) => type is WebSocketMessageType.Text ? LinkFrameKind.Text : LinkFrameKind.Binary;

    /// <summary>What a close frame holds: its code and words, as in a WebSocket.</summary>
    public static byte[] ClosePayload(int? code, string? reason)
    {
        if (code is not { } number)
            return [];
        var payload = new byte[sizeof(ushort) + Encoding.UTF8.GetByteCount(reason ?? "")];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)number);
        Encoding.UTF8.GetBytes(reason ?? "", payload.AsSpan(sizeof(ushort)));
        return payload;
    }

    /// <summary>Writes a frame, head first.</summary>
    public static void Pack(Span<byte> target, LinkFrameKind kind, bool isLast, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, ((uint)payload.Length << (KindBits + 1)) | (isLast ? LastBit : 0) | (uint)kind);
        payload.CopyTo(target[HeadBytes..]);
    }

    /// <summary>The first frame of what is left of a batch; false when it holds none, which no sender of ours would send.</summary>
    public static bool TryUnpack(ReadOnlyMemory<byte> packed, out LinkFrame frame)
    {
        frame = End;
        if (packed.Length < HeadBytes)
            return false;
        var head = BinaryPrimitives.ReadUInt32LittleEndian(packed.Span);
        var length = head >> (KindBits + 1);
        if (length > packed.Length - HeadBytes || (head & KindMask) > (uint)LinkFrameKind.Broken)
            return false;
        frame = new LinkFrame((LinkFrameKind)(head & KindMask), (head & LastBit) != 0, packed.Slice(HeadBytes, (int)length));
        return true;
    }
}
