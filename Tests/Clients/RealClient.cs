using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Orchestrator.Tests.Clients;

/// <summary>One client library at work: what it exports is called, and what it tells is read event by event.</summary>
internal sealed class RealClient(ClientBridge bridge, string name)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, Channel<JsonElement>> _events = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Event, JsonElement Value)> _all = new();

    /// <summary>The values of all events of that name so far.</summary>
    public IReadOnlyList<JsonElement> All(string @event) => [.. _all.Where(one => one.Event == @event).Select(one => one.Value)];

    /// <summary>Calls a function and waits for what it answers; throws a <see cref="ClientErrorException"/> for what it throws.</summary>
    public Task<JsonElement> CallAsync(string function, params object?[] arguments) => CallAsync(TimeSpan.FromSeconds(60), function, arguments);

    /// <summary>The same for one that may take longer.</summary>
    public Task<JsonElement> CallAsync(TimeSpan patience, string function, params object?[] arguments) => bridge.AskAsync(
        new JsonObject { ["call"] = name, ["fn"] = function, ["args"] = JsonSerializer.SerializeToNode(arguments) }, patience);

    /// <summary>What it throws when it is called.</summary>
    public async Task<ClientErrorException> FailAsync(TimeSpan patience, string function, params object?[] arguments) =>
        await Assert.ThrowsAsync<ClientErrorException>(() => CallAsync(patience, function, arguments));

    /// <summary>The next event of that name that is so.</summary>
    public async Task<JsonElement> NextAsync(string @event, Func<JsonElement, bool>? isSo = null, TimeSpan? patience = null)
    {
        using var bound = new CancellationTokenSource(patience ?? Patience);
        try
        {
            while (true)
            {
                var value = await Channel(@event).Reader.ReadAsync(bound.Token);
                if (isSo?.Invoke(value) ?? true)
                    return value;
            }
        }
        catch (OperationCanceledException exception)
        {
            var told = string.Join(", ", _all.TakeLast(20).Select(one => $"{one.Event} {one.Value}"));
            throw new TimeoutException($"{name} never told '{@event}'. It told: {told}. The clients printed:\n{bridge.Complaints}", exception);
        }
    }

    /// <summary>Closes it, as a user closes a page.</summary>
    public Task CloseAsync() => bridge.AskAsync(new JsonObject { ["close"] = name });

    internal void Hear(string @event, JsonElement value)
    {
        _all.Enqueue((@event, value));
        Channel(@event).Writer.TryWrite(value);
    }

    private Channel<JsonElement> Channel(string @event) => _events.GetOrAdd(@event, _ => System.Threading.Channels.Channel.CreateUnbounded<JsonElement>());
}
