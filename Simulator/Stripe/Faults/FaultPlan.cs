namespace Orchestrator.Simulator.Stripe.Faults;

/// <summary>
/// What shall go wrong: rules in order, of which the first that fits a request decides. The same seed, rules and order of
/// requests give the same faults. Safe for any thread.
/// </summary>
public sealed class FaultPlan
{
    private readonly Lock _lock = new();
    private readonly List<(StripeFaultRule Rule, int? Left)> _rules = [];
    private Random _random = new(1);

    /// <summary>The rules that are not used up, with what is left of their counts.</summary>
    public IReadOnlyList<StripeFaultRule> Rules
    {
        get
        {
            lock (_lock)
                return [.. _rules.Select(one => one.Rule with { Count = one.Left })];
        }
    }

    /// <summary>The next requests meet these, one each, after what is planned already.</summary>
    public void Next(params StripeFaultKind[] kinds)
    {
        foreach (var kind in kinds)
            Add(new(new StripeFault(kind)));
    }

    /// <summary>Appends a rule.</summary>
    public void Add(StripeFaultRule rule)
    {
        lock (_lock)
            _rules.Add((rule, rule.Count));
    }

    /// <summary>Starts the dice anew.</summary>
    public void Seed(int seed)
    {
        lock (_lock)
            _random = new(seed);
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public void Clear()
    {
        lock (_lock)
            _rules.Clear();
    }

    /// <summary>The fault of this request, counted; null for none.</summary>
    internal StripeFault? Take(FaultTarget target)
    {
        lock (_lock)
        {
            for (var i = 0; i < _rules.Count; i++)
            {
                var (rule, left) = _rules[i];
                if (!target.Fits(rule) || (rule.Probability is { } probability && !Roll(probability)))
                    continue;

                if (left is 1)
                    _rules.RemoveAt(i);
                else
                    _rules[i] = (rule, left - 1);
                return rule.Fault.Kind is StripeFaultKind.Pass ? null : rule.Fault;
            }
        }

        return null;
    }

    // Dice of a test, not of a lock: they must fall alike for the same seed.
#pragma warning disable CA5394
    private bool Roll(double probability) => _random.NextDouble() < probability;
#pragma warning restore CA5394
}

/// <summary>What a rule is held against.</summary>
/// <param name="Path">The path without its query.</param>
/// <param name="Account">The account.</param>
/// <param name="Customer">The customer of a meter event.</param>
/// <param name="EventName">The event name.</param>
/// <param name="Executes">The request would be carried out, and not answered from memory.</param>
internal readonly record struct FaultTarget(string Path, string Account, string? Customer, string? EventName, bool Executes)
{
    public bool Fits(StripeFaultRule rule) =>
        (Executes || !rule.Fault.NeedsExecution)
        && (rule.Path is null || Path.EndsWith(rule.Path, StringComparison.Ordinal))
        && (rule.Account is null || rule.Account == Account)
        && (rule.Customer is null || rule.Customer == Customer)
        && (rule.EventName is null || rule.EventName == EventName);
}
