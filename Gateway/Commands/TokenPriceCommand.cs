using System.CommandLine;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator price set-tokens</c> and <c>orchestrator cost set-tokens</c>: what tokens are charged at, and what the platform pays for them.</summary>
internal static class TokenPriceCommand
{
    public static Command CreatePrice()
    {
        var (tenant, actor, options) = (OperatorDatabase.Tenant(), OperatorDatabase.Actor(required: false), new TokenPriceOptions());
        var set = new Command("set-tokens", "Set what a tenant is charged for tokens by the one above it, each kind its own") { tenant, actor };
        options.AddTo(set);
        set.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var owner = await OperatorDatabase.FindTenantAsync(database, arguments.GetValue(tenant), cancellationToken);
            var price = options.PriceOf(arguments);
            var change = await new TokenPriceBook(database).SetAsync(
                owner.Id, options.ModelOf(arguments), price, options.FromOf(arguments), arguments.GetValue(actor)!, cancellationToken);
            Print(change.Refusal, change.Version?.Id, price, owner.Currency, change.Version?.From);
        }, cancellationToken));
        return set;
    }

    public static Command CreateCost()
    {
        var provider = new Option<string>("--provider") { Description = "The provider's name in the configuration", Required = true };
        var currency = new Option<string>("--currency") { Description = "ISO 4217: the currency of the trees that it counts for", DefaultValueFactory = _ => "USD" };
        var (actor, options) = (OperatorDatabase.Actor(required: false), new TokenPriceOptions());
        var set = new Command("set-tokens", "Set what the platform pays a provider for tokens; no tenant ever sees it") { provider, currency, actor };
        options.AddTo(set);
        set.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var (cost, from) = (options.PriceOf(arguments), options.FromOf(arguments));
            var refusal = await new TokenPriceBook(database).SetCostAsync(
                arguments.GetRequiredValue(provider), options.ModelOf(arguments), arguments.GetRequiredValue(currency), cost, from, arguments.GetValue(actor)!, cancellationToken);
            Print(refusal, version: null, cost, arguments.GetRequiredValue(currency), from);
        }, cancellationToken));
        return set;
    }

    private static void Print(PriceRefusal? refusal, long? version, TokenPrice price, string currency, DateTimeOffset? from)
    {
        if (refusal is { } why)
            throw new StartException(why is PriceRefusal.Past ? "--from is in the past; what has begun is never changed." : "Another price begins at that very instant.");
        Console.WriteLine($"price   {TokenPriceOptions.WordsOf(price, currency)}{(version is null ? "" : $", version {version}")}");
        Console.WriteLine($"from    {(from is { } instant ? instant.ToString("O") : "now")}");
    }
}
