namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>Every open connection and the newest ended ones, and whoever waits for the next. Safe for any thread.</summary>
internal sealed class ConnectionBook(int endedLimit)
{
    private sealed record Waiter(string? Model, TaskCompletionSource<ProviderConnection> Next)
    {
        public bool Wants(ProviderConnection connection) => Model is null || Model == connection.Model;
    }

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ProviderConnection> _connections = new(StringComparer.Ordinal);
    private readonly Queue<string> _ended = [];
    private readonly List<Waiter> _waiters = [];

    /// <summary>Oldest first.</summary>
    public ProviderConnection[] Snapshot()
    {
        lock (_lock)
            return [.. _connections.Values.OrderBy(connection => connection.Number)];
    }

    public ProviderConnection? Find(string id)
    {
        lock (_lock)
            return _connections.GetValueOrDefault(id);
    }

    public void Add(ProviderConnection connection)
    {
        lock (_lock)
        {
            _connections.Add(connection.Id, connection);
            if (_waiters.Find(waiter => waiter.Wants(connection)) is not { } first)
                return;

            _waiters.Remove(first);
            connection.IsClaimed = true;
            first.Next.SetResult(connection);
        }
    }

    public void End(ProviderConnection connection)
    {
        lock (_lock)
        {
            _ended.Enqueue(connection.Id);
            while (_ended.Count > endedLimit)
                _connections.Remove(_ended.Dequeue());
        }
    }

    /// <summary>The oldest connection that was not given out before, now or as soon as there is one.</summary>
    public async Task<ProviderConnection> NextAsync(string? model, TimeSpan timeout)
    {
        var waiter = new Waiter(model, new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            if (_connections.Values.Where(one => !one.IsClaimed && waiter.Wants(one)).MinBy(one => one.Number) is { } waiting)
            {
                waiting.IsClaimed = true;
                return waiting;
            }
            _waiters.Add(waiter);
        }

        try
        {
            return await waiter.Next.Task.WaitAsync(timeout, TimeProvider.System);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(GiveUp(waiter, timeout), exception);
        }
    }

    private string GiveUp(Waiter waiter, TimeSpan timeout)
    {
        lock (_lock)
            _waiters.Remove(waiter);

        var all = Snapshot().TakeLast(10).Select(one =>
            $"{one.Id} (model {one.Model}, {(one.IsClaimed ? "given out" : "not asked for")}, {one.Farewell?.ToString() ?? "open"})").ToArray();
        var there = all.Length == 0 ? "none came at all" : "there are " + string.Join(", ", all);
        return $"Expected a connection{(waiter.Model is null ? "" : $" for model {waiter.Model}")} within {timeout.TotalSeconds} s, but {there}.";
    }
}
