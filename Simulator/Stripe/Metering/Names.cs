namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary>Gives every name a number, from 1 on. Its owner's lock guards it.</summary>
internal sealed class Names
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [""];

    public string this[int number] => _names[number];

    public int Of(string name)
    {
        if (_numbers.TryGetValue(name, out var number))
            return number;
        _numbers.Add(name, number = _names.Count);
        _names.Add(name);
        return number;
    }
}
