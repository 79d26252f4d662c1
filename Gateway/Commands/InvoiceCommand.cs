using System.CommandLine;
using Orchestrator.Domain.Billing;
using Orchestrator.Gateway.Billing;
using Orchestrator.Gateway.Requests;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator invoice</c>: what a tenant would owe, and what the platform earns of it.</summary>
internal static class InvoiceCommand
{
    public static Command Create()
    {
        var tenant = OperatorDatabase.Tenant();
        var month = new Option<string?>("--month") { Description = "Such as 2026-01, in UTC; the running one by default" };
        var preview = new Command("preview", "Print a tenant's invoice as the ledger stands, with the platform's cost and margin") { tenant, month };
        preview.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            if (Span.Month(arguments.GetValue(month), TimeProvider.System.GetUtcNow()) is not { } span)
                throw new StartException("--month is a month such as 2026-01.");
            var owner = await OperatorDatabase.FindTenantAsync(database, arguments.GetValue(tenant), cancellationToken);
            var store = new InvoiceStore(database);
            var lines = await store.LinesAsync(owner.Id, span.From, span.To, cancellationToken);
            Print(new Invoice(owner.Currency, lines, await store.TokenLinesAsync(owner.Id, span.From, span.To, cancellationToken)));
            Print(await store.PlatformAsync(owner.Id, span.From, span.To, cancellationToken), owner.Currency);
        }, cancellationToken));
        return new Command("invoice", "Invoices before they are made") { preview, SessionMarginCommand.Create() };
    }

    private static void Print(Invoice invoice)
    {
        foreach (var line in invoice.Lines)
        {
            var price = PriceWords.Of(line.Price, invoice.Currency);
            Console.WriteLine($"{line.Model,-24} version {line.PriceVersion,-8} {line.Seconds,12} s at {price,-28} {invoice.AmountOf(line),20}");
        }

        foreach (var line in invoice.TokenLines)
            Console.WriteLine($"{line.Model,-24} tokens {line.PriceVersion,-8} {line.Counts} in {line.Responses} responses {invoice.AmountOf(line)}");

        Console.WriteLine($"total   {invoice.Total}   (exact {invoice.Exact})");
        Console.WriteLine(InvoiceResponse.WordsOf(invoice.Currency));
    }

    private static void Print(PlatformMargin platform, string currency)
    {
        Console.WriteLine($"income  {new Money(platform.IncomeMicros, currency)}   what the root pays the platform for this usage");
        var uncosted = platform.UncostedMilliseconds > 0 ? $"   without {Seconds.Format(platform.UncostedMilliseconds)} s of no known cost" : "";
        uncosted += platform.UncostedResponses > 0 ? $"   without the tokens of {platform.UncostedResponses} responses of no known cost" : "";
        Console.WriteLine($"cost    {new Money(platform.CostMicros, currency)}{uncosted}");
        Console.WriteLine($"margin  {new Money(platform.IncomeMicros - platform.CostMicros, currency)}");
    }
}
