using System.Text.Json.Serialization;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>A message that breaks the rules: it can be changed after it was sent.</summary>
public sealed class Basket
{
    public List<string> Things { get; set; } = [];
}

/// <summary>A family of messages with every case named.</summary>
[JsonDerivedType(typeof(Circle), "circle")]
[JsonDerivedType(typeof(Group), "group")]
public abstract record Shape
{
    private Shape() { }

    public sealed record Circle(int Radius) : Shape;
    public sealed record Group(IReadOnlyList<Shape> Members) : Shape;
}

/// <summary>A family of messages whose case nobody named.</summary>
[JsonDerivedType(typeof(Named), "named")]
public abstract record Unruly
{
    public sealed record Named : Unruly;
    public sealed record Forgotten : Unruly;
}

/// <summary>Keeps and answers what it is given.</summary>
[Grain]
public interface IKeeperGrain
{
    /// <summary>Keeps the very object.</summary>
    Task KeepAsync(Basket basket);

    /// <summary>Keeps it once the gate of that name is open.</summary>
    Task HoldAsync(string name);

    /// <summary>What the kept object holds now.</summary>
    Task<string> KeptAsync();

    /// <summary>The very object that is kept.</summary>
    Task<Basket> AnswerAsync();

    /// <summary>Answers a shape of that kind.</summary>
    Task<Shape> EchoAsync(Shape shape);

    /// <summary>Takes what cannot travel.</summary>
    Task TakeAsync(Unruly unruly);

    /// <summary>Takes what cannot travel.</summary>
    Task TakeHandleAsync(WaitHandle handle);

    /// <summary>Answers what cannot travel.</summary>
    Task<Unruly> GiveAsync();
}

/// <summary>Calls on and on.</summary>
[Grain]
public interface IRingGrain
{
    /// <summary>Calls the first of those with the rest.</summary>
    Task<int> PassOnAsync(IReadOnlyList<string> keys);

    /// <summary>Calls back, and the listener calls whom it likes.</summary>
    Task<string> TellAsync(IListener listener);

    /// <summary>Starts a timer whose turn calls this very grain, and writes what came of it.</summary>
    Task StartTimerAsync();
}

/// <inheritdoc cref="IKeeperGrain"/>
public class KeeperGrain(IGrainLife life, Journals journals) : IKeeperGrain
{
    private Basket _kept = new();

    public Task KeepAsync(Basket basket)
    {
        _kept = basket;
        return Task.CompletedTask;
    }

    public Task HoldAsync(string name)
    {
        journals.Of(life.Key).Write($"{name} in");
        return journals.Of(life.Key).PassAsync(name);
    }

    public Task<string> KeptAsync() => Task.FromResult(string.Join(", ", _kept.Things));
    public Task<Basket> AnswerAsync() => Task.FromResult(_kept);
    public Task<Shape> EchoAsync(Shape shape) => Task.FromResult(shape);
    public Task TakeAsync(Unruly unruly) => WriteAsync("taken");
    public Task TakeHandleAsync(WaitHandle handle) => WriteAsync("taken");
    public Task<Unruly> GiveAsync() => Task.FromResult<Unruly>(new Unruly.Forgotten());

    private Task WriteAsync(string line)
    {
        journals.Of(life.Key).Write(line);
        return Task.CompletedTask;
    }
}

/// <inheritdoc cref="IRingGrain"/>
public class RingGrain(IGrainLife life, IGrains grains, Journals journals) : IRingGrain, IGrainLifecycle
{
    private readonly Journal _journal = journals.Of(life.Key);

    /// <summary>Of a grain with this key the very birth calls it.</summary>
    public const string BornCalling = "born calling itself";

    public Task OnActivateAsync(CancellationToken cancellationToken) =>
        life.Key == BornCalling ? grains.Get<IRingGrain>(life.Key).PassOnAsync([]) : Task.CompletedTask;

    public Task OnDeactivateAsync(string reason, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<int> PassOnAsync(IReadOnlyList<string> keys) =>
        keys.Count == 0 ? 1 : 1 + await grains.Get<IRingGrain>(keys[0]).PassOnAsync([.. keys.Skip(1)]);

    public Task<string> TellAsync(IListener listener) => listener.HearAsync(life.Key);

    public Task StartTimerAsync()
    {
        _ = life.StartTimer(_ => TickAsync(), TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    private async Task TickAsync()
    {
        try
        {
            await grains.Get<IRingGrain>(life.Key).PassOnAsync([]);
        }
        catch (InvalidOperationException exception)
        {
            _journal.Write(exception.Message.Contains("cycle", StringComparison.Ordinal) ? "cycle refused" : exception.Message);
        }
    }
}
