namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>Calls being carried out per account, event name and customer: one at a time. Its owner's lock guards it.</summary>
internal sealed class Lanes
{
    private readonly HashSet<(string Account, string EventName, string Customer)> _busy = [];

    /// <summary>Whether it was free; null is a lane for nobody and always free.</summary>
    public bool TryEnter((string, string, string)? lane) => lane is not { } named || _busy.Add(named);

    public void Leave((string, string, string)? lane)
    {
        if (lane is { } named)
            _busy.Remove(named);
    }
}
