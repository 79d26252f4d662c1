using System.CommandLine;
using Orchestrator.Domain.Billing;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator price</c> and <c>orchestrator cost</c>: what tenants are charged, and what the platform pays.</summary>
internal static class PriceCommand
{
    public static Command CreatePrice()
    {
        var (tenant, actor, options) = (OperatorDatabase.Tenant(), OperatorDatabase.Actor(required: false), new PriceOptions());
        var set = new Command("set", "Set what a tenant is charged by the one above it; a root is charged by the platform") { tenant, actor };
        options.AddTo(set);
        set.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var owner = await OperatorDatabase.FindTenantAsync(database, arguments.GetValue(tenant), cancellationToken);
            var change = await new PriceBook(database).SetAsync(
                owner.Id, options.ModelOf(arguments), options.PriceOf(arguments), options.FromOf(arguments), arguments.GetValue(actor)!, cancellationToken);
            Print(change.Refusal, change.Version?.Id, options.PriceOf(arguments), owner.Currency, change.Version?.From);
        }, cancellationToken));
        return new Command("price", "What tenants are charged") { set, TokenPriceCommand.CreatePrice() };
    }

    public static Command CreateCost()
    {
        var provider = new Option<string>("--provider") { Description = "The provider's name in the configuration", Required = true };
        var currency = new Option<string>("--currency") { Description = "ISO 4217: the currency of the trees that it counts for", DefaultValueFactory = _ => "USD" };
        var (actor, options) = (OperatorDatabase.Actor(required: false), new PriceOptions());
        var set = new Command("set", "Set what the platform pays a provider; no tenant ever sees it") { provider, currency, actor };
        options.AddTo(set);
        set.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var (cost, from) = (options.PriceOf(arguments), options.FromOf(arguments));
            var refusal = await new CostBook(database).SetAsync(
                arguments.GetRequiredValue(provider), options.ModelOf(arguments), arguments.GetRequiredValue(currency), cost, from, arguments.GetValue(actor)!, cancellationToken);
            Print(refusal, version: null, cost, arguments.GetRequiredValue(currency), from);
        }, cancellationToken));
        return new Command("cost", "What the platform pays") { set, TokenPriceCommand.CreateCost() };
    }

    private static void Print(PriceRefusal? refusal, long? version, Price price, string currency, DateTimeOffset? from)
    {
        if (refusal is { } why)
            throw new StartException(why is PriceRefusal.Past ? "--from is in the past; what has begun is never changed." : "Another price begins at that very instant.");
        Console.WriteLine($"price   {PriceWords.Of(price, currency)}{(version is null ? "" : $", version {version}")}");
        Console.WriteLine($"counted {PriceWords.Of(price.Rounding)}");
        Console.WriteLine($"from    {(from is { } instant ? instant.ToString("O") : "now")}");
    }
}
