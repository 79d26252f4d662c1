namespace Orchestrator.Simulator.Providers.Decart;

// What a test waits for. Patience runs on the real clock, whatever clock the simulator itself lives by.
public partial class ProviderConnection
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The next client frame of that type (or <c>text</c>, <c>binary</c> where there is none) that no earlier expectation of a
    /// test has taken; those before it are passed over. Throws a <see cref="TimeoutException"/> that says what was missing and
    /// what came instead, at once when the connection ends.
    /// </summary>
    /// <param name="type">The frame's <see cref="Frame.Name"/>.</param>
    /// <param name="timeout">How long to wait. Default: 5 seconds.</param>
    public async Task<Frame> ExpectAsync(string type, TimeSpan? timeout = null)
    {
        var from = _byHand.Next;
        try
        {
            using var patience = new CancellationTokenSource(timeout ?? Patience, TimeProvider.System);
            return await _log.NextAsync(_byHand, frame => frame.Name == type, patience.Token)
                ?? throw new TimeoutException(Missing($"a '{type}' frame", from, $"The connection ended: {Farewell}."));
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException(Missing($"a '{type}' frame", from, $"Waited {(timeout ?? Patience).TotalSeconds} s; the connection is still open."), exception);
        }
    }

    /// <summary>How the connection ended. Throws a <see cref="TimeoutException"/> that says what came instead when it does not end.</summary>
    /// <param name="timeout">How long to wait. Default: 5 seconds.</param>
    public async Task<Farewell> ExpectCloseAsync(TimeSpan? timeout = null)
    {
        var from = _byHand.Next;
        try
        {
            return await Completion.WaitAsync(timeout ?? Patience, TimeProvider.System);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(Missing("the end of the connection", from, $"Waited {(timeout ?? Patience).TotalSeconds} s."), exception);
        }
    }

    private string Missing(string what, long from, string ending)
    {
        var came = Received.Where(frame => frame.Number >= from).Select(frame => frame.ToString()).ToArray();
        var instead = came.Length == 0 ? "nothing" : string.Join(", ", came.TakeLast(20));
        var more = came.Length > 20 ? $" (and {came.Length - 20} before)" : "";
        return $"Expected {what} on {Id} (model {Model}), but {instead} came{more}. {ending}";
    }
}
