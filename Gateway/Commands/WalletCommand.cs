using System.CommandLine;
using Orchestrator.Domain.Billing;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator wallet</c>: fills and limits wallets, those of roots above all, which nobody else can.</summary>
internal static class WalletCommand
{
    public static Command Create() => new("wallet", "Fill and limit wallets")
    {
        CreatePost("top-up", "Book money that came in", WalletEntryKind.TopUp),
        CreatePost("credit", "Give value", WalletEntryKind.Credit),
        CreatePost("adjust", "Put right, in either direction", WalletEntryKind.Adjustment),
        CreateLimit(),
    };

    private static Command CreatePost(string name, string description, WalletEntryKind kind)
    {
        var tenant = OperatorDatabase.Tenant();
        var amount = new Option<decimal>("--amount") { Description = "Units of the tenant's currency", Required = true };
        var key = new Option<string>("--key") { Description = "A name for this entry; repeating the verb with it posts nothing twice", Required = true };
        var actor = OperatorDatabase.Actor(required: true);
        var reason = new Option<string>("--reason") { Description = "Why, for the audit", Required = true };
        var command = new Command(name, description) { tenant, amount, key, actor, reason };
        command.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var micros = OperatorDatabase.MicrosOf(arguments.GetValue(amount));
            if (micros == 0 || (micros < 0 && kind is not WalletEntryKind.Adjustment))
                throw new StartException("The amount is above 0; only an adjustment may take away.");
            var owner = await OperatorDatabase.FindTenantAsync(database, arguments.GetValue(tenant), cancellationToken);
            var posting = new WalletPosting(
                arguments.GetRequiredValue(key), kind, micros, arguments.GetRequiredValue(actor), arguments.GetRequiredValue(reason));
            var outcome = await new WalletStore(database).PostAsync(owner.Id, posting, cancellationToken);
            if (outcome.Refusal is { } refusal)
                throw new StartException(SentenceOf(refusal));
            Console.WriteLine($"entry     {outcome.Entry!.Id} {new Money(outcome.Entry.Micros, owner.Currency)}");
            await PrintAsync(database, owner, cancellationToken);
        }, cancellationToken));
        return command;
    }

    private static Command CreateLimit()
    {
        var tenant = OperatorDatabase.Tenant();
        var credit = new Option<decimal>("--credit-limit") { Description = "How far it may go below zero; 0 is prepaid", DefaultValueFactory = _ => 0m };
        var unlimited = new Option<bool>("--unlimited") { Description = "Stop nobody; usage is only counted" };
        var blind = new Option<int?>("--blind-seconds") { Description = "How long a session may go on unheld while the database is away", DefaultValueFactory = _ => 30 };
        var thresholds = new Option<decimal[]>("--threshold") { Description = "Raise an event when less is available; may be repeated", DefaultValueFactory = _ => [] };
        var actor = OperatorDatabase.Actor(required: true);
        var command = new Command("limit", "Give a tenant a wallet, or change the limits of the one it has") { tenant, credit, unlimited, blind, thresholds, actor };
        command.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var limit = OperatorDatabase.MicrosOf(arguments.GetValue(credit));
            if (limit < 0 || arguments.GetValue(blind) < 0)
                throw new StartException("A limit is not below 0.");
            var owner = await OperatorDatabase.FindTenantAsync(database, arguments.GetValue(tenant), cancellationToken);
            await new WalletStore(database).PutAsync(
                owner.Id, arguments.GetValue(unlimited) ? null : limit, arguments.GetValue(blind), [.. arguments.GetValue(thresholds)!.Select(OperatorDatabase.MicrosOf)],
                arguments.GetRequiredValue(actor), cancellationToken);
            await PrintAsync(database, owner, cancellationToken);
        }, cancellationToken));
        return command;
    }

    private static async Task PrintAsync(Database database, TenantRow owner, CancellationToken cancellationToken)
    {
        var balance = (await new WalletStore(database).FindAsync(owner.Id, cancellationToken))!.Balance;
        Console.WriteLine($"available {(balance.Available is { } available ? new Money(available, owner.Currency).ToString() : "without limit")}");
        if (balance.Debt > 0)
            Console.WriteLine($"debt      {new Money(balance.Debt, owner.Currency)}");
    }

    private static string SentenceOf(PostingRefusal refusal) => refusal switch
    {
        PostingRefusal.NoWallet  => "The tenant has no wallet; give it one with 'orchestrator wallet limit'.",
        PostingRefusal.KeyReused => "That key stands for an entry that says something else.",
        _                        => "That would be more than a wallet holds.",
    };
}
