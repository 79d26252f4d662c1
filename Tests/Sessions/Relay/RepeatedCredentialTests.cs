using System.Net.WebSockets;
using System.Text;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Relay;

/// <summary>A client that names its credential again and again.</summary>
public sealed class RepeatedCredentialTests
{
    private const int Frames = 40_000;
    private const long ReadAhead = 1024 * 1024;

    [Fact]
    public async Task Who_does_not_read_the_answers_is_not_read_either_and_none_is_lost()
    {
        await using var world = new ClockWorld();
        await world.OpenAsync();
        var budget = world.Get<RelayServices>().Budget;
        var frame = Encoding.UTF8.GetBytes(LiveStylerClient.Credential("ork_again"));

        var sending = SendAsync();
        var before = -1L;
        await Eventually.IsAsync("no more answers wait than may", () => Task.FromResult((before, before = budget.Used) is var (was, now) && now > ReadAhead && was == now));
        Assert.InRange(budget.Used, ReadAhead, ReadAhead * 5 / 4);
        Assert.False(sending.IsCompleted, "All of them were read although none of the answers was.");

        var answers = 0;
        var buffer = new byte[1024];
        while (answers < Frames)
        {
            var received = await world.Client.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            Assert.StartsWith("""{"type":"error",""", Encoding.UTF8.GetString(buffer, 0, received.Count), StringComparison.Ordinal);
            answers++;
        }

        await sending;

        async Task SendAsync()
        {
            await Task.Yield();
            for (var i = 0; i < Frames; i++)
                await world.Client.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
    }
}
