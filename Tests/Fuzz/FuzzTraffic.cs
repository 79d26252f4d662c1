using System.Net.WebSockets;
using System.Text.Unicode;
using Orchestrator.Grains.Providers;
using Orchestrator.Tests.Providers;

namespace Orchestrator.Tests.Fuzz;

/// <summary>One message of a fuzz run.</summary>
internal sealed record FuzzMessage(byte[] Frame, WebSocketMessageType Kind)
{
    public bool IsText => Kind is WebSocketMessageType.Text;
}

/// <summary>What fuzz runs send through relays, and what they expect to arrive.</summary>
internal static class FuzzTraffic
{
    /// <summary>What a second credential is answered with.</summary>
    public const string SecondCredential = "The connection is authenticated already";

    public static FuzzMessage[] Frames(FrameMutator mutator, ISocketPairs pairs, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => mutator.Next()).Select(frame => new FuzzMessage(frame, Kind(frame, pairs, mutator)))];

    /// <summary>A second credential goes nowhere: the relay answers it in the provider's place.</summary>
    public static bool IsDeclined(IDialect dialect, FuzzMessage message) =>
        message.Kind is WebSocketMessageType.Text && dialect.ReadClient(message.Frame).Kind is SignalKind.Credential;

    /// <summary>A real WebSocket takes no text that is no UTF-8, and says so with 1007: there it goes as bytes.</summary>
    public static WebSocketMessageType Kind(byte[] frame, ISocketPairs pairs, FrameMutator mutator) =>
        mutator.Below(10) == 0 || (pairs is Sockets && !Utf8.IsValid(frame)) ? WebSocketMessageType.Binary : WebSocketMessageType.Text;

    public static async Task SendAsync(FarEnd from, FuzzMessage[] messages, FrameMutator mutator)
    {
        await Task.Yield();
        foreach (var (frame, kind) in messages)
            await from.SendAsync(frame, kind, pieces: mutator.Below(8) == 0 ? 1 + frame.Length / 3 : int.MaxValue);
    }

    /// <summary>Reads what was sent, in its order, and anywhere between it the answers, in theirs.</summary>
    public static async Task ReceiveAsync(FarEnd to, FuzzMessage[] messages, byte[][] answers, string where)
    {
        await Task.Yield();
        for (var (passed, answered) = (0, 0); passed < messages.Length || answered < answers.Length;)
        {
            if (await to.ReadAsync() is not { } arrived)
            {
                Assert.Fail($"The session ended with {to.CloseCode} after {passed} frames, {where}. Next: {FuzzSeed.Show(passed < messages.Length ? messages[passed].Frame : [])}");
                return;
            }

            if (passed < messages.Length && arrived.Kind == messages[passed].Kind && arrived.Payload.AsSpan().SequenceEqual(messages[passed].Frame))
                passed++;
            else if (answered < answers.Length && arrived.Payload.AsSpan().SequenceEqual(answers[answered]))
                answered++;
            else
                Assert.Fail($"After {passed} frames, {where}, came {arrived.Kind}, {FuzzSeed.Show(arrived.Payload)}\n"
                    + $"instead of {FuzzSeed.Show(passed < messages.Length ? messages[passed].Frame : [])}");
        }
    }

    /// <summary>Half of a corpus is what the other side should say, or what other dialects say: wrong order, wrong direction.</summary>
    public static IReadOnlyList<byte[]> Corpus(IDialect dialect, bool fromClient) =>
    [
        .. GoldenFrames.Files.Where(file => file.Dialect == dialect.Name && file.IsFromClient == fromClient).SelectMany(file => file.Frames),
        .. GoldenFrames.Files.Where(file => file.Dialect == dialect.Name && file.IsFromClient != fromClient).SelectMany(file => file.Frames.Take(8)),
        .. GoldenFrames.Files.Where(file => file.Dialect != dialect.Name).SelectMany(file => file.Frames.Take(2)),
    ];

    /// <summary>A session beside the others: what it says arrives, and nothing else.</summary>
    public static async Task CheckAsync(RelayedSession control)
    {
        foreach (var (from, to, text) in ((FarEnd, FarEnd, string)[])[
            (control.Client, control.Provider, """{"type":"control","from":"client"}"""),
            (control.Provider, control.Client, """{"type":"control","from":"provider"}""")])
        {
            await from.SendAsync(System.Text.Encoding.UTF8.GetBytes(text));
            var arrived = await to.ReadAsync();
            Assert.True(arrived is not null, "The session beside the others was closed");
            Assert.Equal(text, System.Text.Encoding.UTF8.GetString(arrived.Value.Payload));
        }
    }

    public static async Task EndAsync(RelayedSession session, int how)
    {
        switch (how)
        {
            case 0: await session.Client.CloseAsync(); break;
            case 1: await session.Provider.CloseAsync(1011); break;
            case 2: session.Client.Abort(); break;
            default: session.Provider.Abort(); break;
        }

        await session.OverAsync();
    }
}
