using System.Text.Json;
using Orchestrator.Simulator.Oracles;

namespace Orchestrator.Simulator.Providers.Decart.Http;

/// <summary>A session of dialect C as the provider has it: what its client asked, and what it is told by events. Safe for any thread.</summary>
public sealed class HttpProviderSession
{
    private readonly Lock _lock = new();
    private readonly List<string> _asked = [];
    private readonly List<(string Name, string Data)> _events = [];
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _revision;

    internal HttpProviderSession(string id, string model, JsonElement opening, SessionTruth truth) => (Id, Model, Opening, Truth) = (id, model, opening, truth);

    /// <summary>The provider's name for it.</summary>
    public string Id { get; }

    /// <summary>The model.</summary>
    public string Model { get; }

    /// <summary>The body of the request that opened it.</summary>
    public JsonElement Opening { get; }

    /// <summary>When it was answered and when it ended.</summary>
    public SessionTruth Truth { get; }

    /// <summary>Done when it is over.</summary>
    public Task Completion => _over.Task;

    /// <summary>What its client asked afterwards, in order: the method, a space, the part of the session and its body.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_lock)
                return [.. _asked];
        }
    }

    /// <summary>The entity tag that counts now.</summary>
    public string Tag => $"\"{Id}-{Volatile.Read(ref _revision)}\"";

    /// <summary>What opens its events.</summary>
    public string EventToken => $"ev-{Id}";

    /// <summary>Tells its client by an event.</summary>
    public void Tell(string name, string data)
    {
        lock (_lock)
        {
            _events.Add((name, data));
            Wake();
        }
    }

    /// <summary>It is over, as if the provider had ended it. Repeating it does nothing.</summary>
    public void End()
    {
        lock (_lock)
        {
            _over.TrySetResult();
            Wake();
        }
    }

    internal void Ask(string what)
    {
        lock (_lock)
            _asked.Add(what);
    }

    internal void Turn() => Interlocked.Increment(ref _revision);

    internal (IReadOnlyList<(string Name, string Data)> Events, Task More) Read(int from)
    {
        lock (_lock)
            return ([.. _events.Skip(from)], _more.Task);
    }

    private void Wake()
    {
        _more.TrySetResult();
        _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
