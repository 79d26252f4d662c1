namespace Orchestrator.Domain.Sessions;

/// <summary>How one side of a session left.</summary>
/// <param name="Code">The code of its close frame; null when the frame held none.</param>
/// <param name="Reason">The words of its close frame.</param>
/// <param name="Vanished">It went without a close frame: a reset, a time-out, an aborted socket.</param>
public readonly record struct PeerClose(int? Code, string? Reason, bool Vanished = false)
{
    /// <summary>The peer is gone and said nothing.</summary>
    public static PeerClose Gone { get; } = new(null, null, Vanished: true);

    /// <summary>The peer broke the protocol, be it with a close code that nobody may send: it is still there, but nothing it says can be read.</summary>
    public static PeerClose Broken { get; } = new(Abnormal, null);

    /// <summary>Whether it left without closing in good order.</summary>
    public bool IsAbnormal => Vanished || Code is Abnormal;

    /// <summary>What RFC 6455 calls 1006: an end without a close frame that could be read. Never on the wire.</summary>
    private const int Abnormal = 1006;

    /// <summary>What RFC 6455 calls 1005: a close frame without a code.</summary>
    private const int NoCode = 1005;

    /// <summary>
    /// What the other side is told. Valid codes travel with their reason, none becomes 1000, a vanished peer and
    /// anything else becomes 1011.
    /// </summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public WireClose Forwarded => this switch
    {
        { Vanished: true }                                  => new(1011, null),
        { Code: null or NoCode }                            => new(1000, null),
        { Code: { } code } when MayTravel(code)             => new(code, Reason),
        _                                                   => new(1011, null),
    };

    /// <summary>Codes that one endpoint may send to another (RFC 6455 section 7.4 and the IANA registry).</summary>
    public static bool MayTravel(int code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}

/// <summary>A close frame as it is sent: a code that may travel and at most 123 bytes of words.</summary>
public readonly record struct WireClose(int Code, string? Reason)
{
    /// <summary>The close frame that a line of the catalogue asks for.</summary>
    public static WireClose For(CloseCode code) => new(code.Entry().Wire, code.Entry().Reason);
}
