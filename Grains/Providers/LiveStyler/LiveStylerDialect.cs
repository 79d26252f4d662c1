using System.Text.Json;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>
/// LiveStyler's one WebSocket, as documented since August 2025 and as it was in July. It tells of nodes and never of seconds, so
/// our own clock counts, from its answer to the end.
/// </summary>
public sealed class LiveStylerDialect : IDialect
{
    /// <summary>The family's name.</summary>
    public const string Family = "livestyler";

    /// <summary>The version of July 2025: data in <c>payload</c>, candidates as <c>ice_candidate</c>, no <c>session_start</c>.</summary>
    public const string July2025 = "2025-07";

    private static readonly LiveStylerSignaling Current = new(isOlder: false);
    private static readonly LiveStylerSignaling Older = new(isOlder: true);

    /// <inheritdoc/>
    public string Name => Family;

    /// <inheritdoc/>
    public IReadOnlyList<string> Versions { get; } = [July2025];

    /// <inheritdoc/>
    public ClientLeg? Leg { get; } = new("/client") { Credential = new LiveStylerCredential(), ModelIsOptional = true };

    /// <inheritdoc/>
    public ISignaling? Signaling => Current;

    /// <inheritdoc/>
    public ISignaling? SignalingOf(string? version) => version is July2025 ? Older : Current;

    /// <inheritdoc/>
    public MeteredBy MeteredBy(string? version) => Providers.MeteredBy.OwnClock;

    /// <inheritdoc/>
    public FrameSignal ReadUpstream(ReadOnlySpan<byte> frame)
    {
        var isTyped = FrameReader.TryReadType(frame, out var type);
        if (isTyped)
        {
            if (type.ValueTextEquals("candidate"u8) || type.ValueTextEquals("ice_candidate"u8) || type.ValueTextEquals("auth_success"u8))
                return default;
            if (type.ValueTextEquals("node_status"u8))
                return new FrameSignal(SignalKind.Node, Node: StatusOf(FrameReader.ReadText(frame, "status"u8)));
            if (type.ValueTextEquals("server_provisioning"u8))
                return new FrameSignal(SignalKind.Node, Node: NodeStatus.Pending);
            if (type.ValueTextEquals("answer"u8))
                return new FrameSignal(SignalKind.Answer);
        }

        if (LiveStylerErrors.Find(frame) is { } complaint)
            return new FrameSignal(SignalKind.Error, Text: complaint, Node: NodeStatus.Full);
        return isTyped ? new FrameSignal(SignalKind.Unknown) : default;
    }

    /// <inheritdoc/>
    public FrameSignal ReadClient(ReadOnlySpan<byte> frame)
    {
        // Of two types the provider's reader may take the last, and ours is the first: no place in the frame hides a credential.
        var kind = SignalKind.None;
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            while (FrameReader.TryReadProperty(ref reader))
            {
                var isType = reader.ValueTextEquals("type"u8);
                if (!reader.Read())
                    break;
                if (isType && reader.TokenType is JsonTokenType.String)
                {
                    if (Is(reader, "CREDENTIAL"u8))
                        return new FrameSignal(SignalKind.Credential);
                    if (Is(reader, "offer"u8))
                        kind = SignalKind.Offer;
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Broken off. What was read before that counts.
        }

        return new FrameSignal(kind);
    }

    /// <inheritdoc/>
    public string? Version(ReadOnlySpan<byte> firstFrame)
    {
        if (!FrameReader.TryReadType(firstFrame, out var type))
            return null;
        if (type.ValueTextEquals("ice_candidate"u8) || (type.ValueTextEquals("offer"u8) && FrameReader.ReadToken(firstFrame, "payload"u8) is not null))
            return $"{Family}-{July2025}";
        return type.ValueTextEquals("session_start"u8) || type.ValueTextEquals("offer"u8) || type.ValueTextEquals("candidate"u8) ? Family : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Refusal(CloseCode code) => code switch
    {
        // As the provider: it closes, and says nothing.
        CloseCode.InvalidCredential or CloseCode.CredentialExpired or CloseCode.CredentialRevoked => [],
        _                                                                                        => Words(code),
    };

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Farewell(CloseCode code, long? generatedMs) => code.Entry().Advice is CloseAdvice.Ended ? [] : Words(code);

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Decline(ReadOnlySpan<byte> frame, string reason) => [LiveStylerMessages.Error(reason)];

    /// <summary>Half of a surrogate pair is no text, and does not end the search.</summary>
    private static bool Is(in Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        try
        {
            return reader.ValueTextEquals(text);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Where there is no room the client hears it in the one word that is documented for it, too.</summary>
    private static IReadOnlyList<byte[]> Words(CloseCode code)
    {
        var error = LiveStylerMessages.Error(code.Entry().Reason);
        return code is CloseCode.UpstreamFull or CloseCode.ServerBusy or CloseCode.WaitLimit or CloseCode.ConcurrencyExceeded
            ? [LiveStylerMessages.NodeFull, error]
            : [error];
    }

    // waiting: the node waits for the client, and does not have it wait.
    private static NodeStatus? StatusOf(string? status) => status switch
    {
        "pending" => NodeStatus.Pending,
        "full"    => NodeStatus.Full,
        "waiting" => NodeStatus.Waiting,
        _         => null,
    };
}
