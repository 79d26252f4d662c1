using System.CommandLine;
using Orchestrator.Domain.Billing;
using Orchestrator.Gateway.Billing;
using Orchestrator.Gateway.Requests;

namespace Orchestrator.Gateway.Commands;

/// <summary>A price as it is given on the command line.</summary>
internal sealed class PriceOptions
{
    private readonly Option<decimal> _price = new("--price") { Description = "One second in units of the currency", Required = true };
    private readonly Option<string?> _model = new("--model") { Description = "The model; none means every model without a price of its own" };
    private readonly Option<RoundingMode> _rounding = new("--rounding") { Description = "How a run's last step goes", DefaultValueFactory = _ => RoundingMode.Ceil };
    private readonly Option<int> _step = new("--step") { Description = "The step in seconds", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _minimum = new("--minimum") { Description = "The least seconds of a run", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _from = new("--from") { Description = $"When it begins, such as {Instants.Example}; now by default" };

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _price, _model, _rounding, _step, _minimum, _from })
            command.Options.Add(option);
    }

    /// <summary>The model, or null for all.</summary>
    public string? ModelOf(ParseResult arguments) => arguments.GetValue(_model);

    /// <summary>The price.</summary>
    public Price PriceOf(ParseResult arguments)
    {
        var micros = arguments.GetValue(_price) * 1_000_000m;
        var (step, minimum) = (arguments.GetValue(_step), arguments.GetValue(_minimum));
        if (micros is < 0 or > NewPrice.MaxMicrosPerSecond || step is < 1 or > NewPrice.MaxSeconds || minimum is < 0 or > NewPrice.MaxSeconds)
            throw new StartException($"A price is from 0 to 1000 a second, its step from 1 and its minimum from 0 to {NewPrice.MaxSeconds} seconds.");
        return new Price(micros, new Rounding(arguments.GetValue(_rounding), step, minimum));
    }

    /// <summary>When it begins, or null for now.</summary>
    public DateTimeOffset? FromOf(ParseResult arguments) => arguments.GetValue(_from) is not { } text ? null
        : Instants.TryParse(text, out var from) ? from
        : throw new StartException($"--from is an instant such as {Instants.Example}.");
}
