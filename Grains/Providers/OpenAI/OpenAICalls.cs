using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// The calls that this process has made, each with its adapter. A call does not end with us, so one is forgotten only when the provider has
/// confirmed that it is over, or will not.
/// </summary>
public sealed class OpenAICalls(OpenAIApi api, UpstreamSockets sockets, IOptions<RelayOptions> options, TimeProvider time, ILogger<OpenAICalls> logger)
    : ILingeringUpstreams
{
    private readonly ConcurrentDictionary<OpenAICall, Task> _calls = new();

    /// <summary>How many calls may still be going on.</summary>
    public int Count => _calls.Count;

    /// <summary>A new adapter; what it answers stands for the upstream's socket.</summary>
    public WebSocket Open(UpstreamRequest request)
    {
        var (relay, adapter) = FramePipe.Create();
        var call = new OpenAICall(adapter, request, api, sockets, options.Value, time, logger);
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.TryAdd(call, Background.RunAsync(async () =>
        {
            // Not before it is in the list that it leaves at its end.
            await begin.Task;
            await call.RunAsync();
            _calls.TryRemove(call, out _);
        }));
        begin.SetResult();
        return relay;
    }

    /// <inheritdoc/>
    public Task WhenEndedAsync() => Task.WhenAll(_calls.Values);
}
