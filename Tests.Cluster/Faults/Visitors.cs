using System.Collections.Concurrent;
using System.Net.WebSockets;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Faults;

/// <summary>People who come, stay for eight seconds and come again, each time to the next silo that will have them.</summary>
internal sealed class Visitors(World world, Reseller reseller, IReadOnlyList<ChildGateway> silos)
{
    private const string Model = "test-visit";
    private const int Seconds = 8;

    private readonly List<Task> _visitors = [];
    private volatile bool _isOver;
    private int _turn;
    private int _completed;
    private int _sentOn;

    /// <summary>Visits that ended as their provider ended them.</summary>
    public int Completed => Volatile.Read(ref _completed);

    /// <summary>How often a silo that was leaving, or not there, sent somebody on before anything had begun.</summary>
    public int SentOn => Volatile.Read(ref _sentOn);

    /// <summary>Visits that ended in any other way, once they had begun.</summary>
    public ConcurrentBag<string> Cut { get; } = [];

    /// <summary>They begin to come.</summary>
    public void Come(int count)
    {
        world.Provider.Play(Model, Script.Begin.SendSessionId().GenerationStarted()
            .Ticks(Seconds, TimeSpan.FromSeconds(1), from: 1m, step: 1m).GenerationEnded("done").Close(1000, "bye"));
        _visitors.AddRange(Enumerable.Range(0, count).Select(_ => VisitAgainAndAgainAsync()));
    }

    /// <summary>Waits until so many further visits are completed.</summary>
    public Task CompletedAsync(int further)
    {
        var until = Completed + further;
        return Eventually.SeesAsync($"{further} further visits are completed", () => Task.FromResult(Completed), completed => completed >= until, TimeSpan.FromSeconds(90));
    }

    /// <summary>Nobody comes again; done when the last has left.</summary>
    public async Task LeaveAsync()
    {
        _isOver = true;
        await Task.WhenAll(_visitors).WaitAsync(TimeSpan.FromSeconds(60));
    }

    private async Task VisitAgainAndAgainAsync()
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!_isOver)
        {
            if (!await VisitAsync())
                await pause.WaitForNextTickAsync();
        }
    }

    /// <summary>One visit; false where there was none.</summary>
    private async Task<bool> VisitAsync()
    {
        ChildGateway silo;
        lock (silos)
            silo = silos[(int)((uint)Interlocked.Increment(ref _turn) % silos.Count)];
        StreamClient client;
        try
        {
            client = await world.ConnectAsync(reseller.Key, Model, silo);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            Interlocked.Increment(ref _sentOn);
            return false;
        }

        await using var _ = client;
        var farewell = await client.Over.WaitAsync(TimeSpan.FromSeconds(60));
        if (farewell.Code == 1000 && client.All.Any(heard => heard.Type == "generation_ended"))
        {
            Interlocked.Increment(ref _completed);
            return true;
        }

        if (client.All.All(heard => heard.Type != "generation_started"))
            Interlocked.Increment(ref _sentOn);
        else
            Cut.Add($"{client.Session}: {farewell}");
        return false;
    }
}
