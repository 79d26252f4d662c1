using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>One event as a client over HTTP reads it.</summary>
/// <param name="Name">What happened.</param>
/// <param name="Data">The rest, as JSON.</param>
internal sealed record NewsItem(string Name, string Data);

/// <summary>What the frames of any dialect mean to a client over HTTP, which knows none of them.</summary>
internal static class SessionNews
{
    /// <summary>What a frame tells; null for one that is not for the client, or tells it nothing.</summary>
    public static NewsItem? Of(ObservedFrame frame, IDialect dialect, SignalForm form) => frame switch
    {
        { IsText: false } or { Payload: [] }                 => null,
        // What happens to a session is told in one shape, whatever its dialect.
        { From: ObservedFrom.Lifecycle }                     => new NewsItem(TypeOf(frame.Payload), Encoding.UTF8.GetString(frame.Payload)),
        { From: ObservedFrom.Upstream or ObservedFrom.Us }   => OfDialect(frame.Payload, dialect, form),
        _                                                    => null,
    };

    /// <summary>What is told of frames that are not kept any more.</summary>
    public static NewsItem Gap(long from, long to) => Item("gap", ("from", from), ("to", to));

    /// <summary>The last event, where the process that would have told it was lost.</summary>
    public static NewsItem Lost { get; } = Item(
        "session.ended", ("type", "session.ended"), ("code", (int)CloseCode.ProcessLost), ("reason", CloseCode.ProcessLost.Entry().Name));

    private static NewsItem? OfDialect(byte[] payload, IDialect dialect, SignalForm form)
    {
        var word = dialect.Signaling?.Read(payload) ?? default;
        if (word.Kind is SignalingWordKind.Candidate)
            return new NewsItem(form == SignalForm.Decart ? "ice-candidate" : "candidate", word.Text ?? "null");
        if (word is { Kind: SignalingWordKind.Error } or { Kind: SignalingWordKind.Full, Text: not null })
            return Error(word.Text ?? "", form);
        return word.Kind is SignalingWordKind.Other && dialect.ReadUpstream(payload) is { Kind: SignalKind.Tick, Milliseconds: { } milliseconds }
            ? Item("generation.tick", ("type", "generation.tick"), ("seconds", milliseconds / 1000m)) : null;
    }

    private static string TypeOf(byte[] payload) => JsonElement.Parse(payload).GetProperty("type").GetString()!;

    private static NewsItem Error(string text, SignalForm form) => form == SignalForm.Decart
        ? Item("error", ("title", "The session reported an error."), ("detail", text))
        : Item("error", ("error", text));

    private static NewsItem Item(string name, params ReadOnlySpan<(string Name, JsonNode? Value)> members)
    {
        var json = new JsonObject();
        foreach (var (member, value) in members)
            json[member] = value;
        return new NewsItem(name, json.ToJsonString());
    }
}
