using System.CommandLine;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Security;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Providers;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator export</c>: where usage goes, also with the platform's own key and into files, which nobody else may say.</summary>
internal static class ExportCommand
{
    private static readonly Dictionary<string, SinkKind> Kinds = new() { ["stripe"] = SinkKind.Stripe, ["cloud-events"] = SinkKind.CloudEvents, ["file"] = SinkKind.File };

    private static readonly Dictionary<string, UsageUnit> Units = Enum.GetValues<UsageUnit>().ToDictionary(unit => JsonNamingPolicy.KebabCaseLower.ConvertName(unit.ToString()));

    public static Command Create() => new("export", "Say where usage goes") { CreateAdd(), CreateList(), CreateRetire() };

    private static Command CreateAdd()
    {
        var (tenant, actor) = (OperatorDatabase.Tenant(), OperatorDatabase.Actor(required: false));
        var kind = new Option<string>("--kind") { Description = "What it sends to", DefaultValueFactory = _ => "stripe" };
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        var eventName = new Option<string>("--event-name") { Description = "What the sink calls it", Required = true };
        var customer = new Option<string>("--customer") { Description = "What the sink calls the one who used it", Required = true };
        var account = new Option<string?>("--account") { Description = "At Stripe: the connected account that the key acts for" };
        var endpoint = new Option<string?>("--endpoint") { Description = "Where CloudEvents go, or the name of a file" };
        var meter = new Option<string?>("--meter") { Description = "At Stripe: the meter, to compare sums with" };
        var unit = new Option<string>("--unit") { Description = "What it counts: seconds, or tokens of one kind", DefaultValueFactory = _ => "seconds" };
        unit.AcceptOnlyFromAmong([.. Units.Keys]);
        var keyFile = new Option<FileInfo?>("--key-file") { Description = "A file that holds the tenant's own credential; none means Stripe:ApiKey, the platform's" };
        var command = new Command("add", "Send a tenant's usage somewhere from now on") { tenant, kind, eventName, customer, account, endpoint, meter, unit, keyFile, actor };
        command.SetAction((arguments, cancellationToken) => RunAsync(async services =>
        {
            var owner = await OperatorDatabase.FindTenantAsync(services.GetRequiredService<Database>(), arguments.GetValue(tenant), cancellationToken);
            var address = new SinkAddress(owner.Id, arguments.GetRequiredValue(eventName), arguments.GetRequiredValue(customer))
            {
                Account = arguments.GetValue(account),
                Endpoint = arguments.GetValue(endpoint),
                Unit = Units[arguments.GetRequiredValue(unit)],
                Credential = arguments.GetValue(keyFile) is { } file ? await ReadAsync(file, cancellationToken) : null,
            };
            var target = new NewExportTarget(Kinds[arguments.GetRequiredValue(kind)], address) { MeterId = arguments.GetValue(meter) };
            if (services.GetRequiredService<UsageSinks>()[target.Kind].Flaw(address) is { } flaw)
                throw new StartException(flaw);
            var id = await services.GetRequiredService<ExportTargetAdmin>().As(arguments.GetValue(actor)!).AddAsync(target, cancellationToken);
            Console.WriteLine($"target  {id:N}");
        }, cancellationToken));
        return command;
    }

    private static Command CreateList()
    {
        var tenant = OperatorDatabase.Tenant();
        var command = new Command("list", "Tell where a tenant's usage goes, and how that stands") { tenant };
        command.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var owner = await OperatorDatabase.FindTenantAsync(database, arguments.GetValue(tenant), cancellationToken);
            foreach (var row in await new ExportTargetQueries(database).ListAsync(viewer: null, owner.Id, before: null, limit: 1_000, cancellationToken))
                Print(row);
        }, cancellationToken));
        return command;
    }

    private static Command CreateRetire()
    {
        var (tenant, actor) = (OperatorDatabase.Tenant(), OperatorDatabase.Actor(required: false));
        var target = new Option<Guid>("--target") { Description = "The target's id", Required = true };
        var command = new Command("retire", "Send nothing more of what is recorded from now on") { tenant, target, actor };
        command.SetAction((arguments, cancellationToken) => RunAsync(async services =>
        {
            var (queries, id) = (services.GetRequiredService<ExportTargetQueries>(), arguments.GetValue(target));
            var owner = new TenantId(arguments.GetValue(tenant));
            if (await queries.FindAsync(viewer: null, owner, id, cancellationToken) is null)
                throw new StartException($"Tenant {owner} has no export target {id:N}.");
            await services.GetRequiredService<ExportTargetAdmin>().As(arguments.GetValue(actor)!).RetireAsync(id, cancellationToken);
            Print((await queries.FindAsync(viewer: null, owner, id, cancellationToken))!);
        }, cancellationToken));
        return command;
    }

    /// <summary>With what a gateway has: its sinks with their settings, and the ring that protects credentials.</summary>
    private static Task<int> RunAsync(Func<IServiceProvider, Task> work, CancellationToken cancellationToken) => CommandErrors.ReportAsync(async () =>
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.AddGateway().AddInProcessHost();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        await using var app = builder.Build();
        await SchemaStart.EnsureAsync(app.Services.GetRequiredService<Database>(), app.Configuration, cancellationToken);
        app.Services.GetRequiredService<KeyRing>().Verify();
        await work(app.Services);
    });

    private static async Task<Secret> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsWindows() && file.Exists && (file.UnixFileMode & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != UnixFileMode.None)
            throw new StartException($"{file.Name} can be read by others; chmod 600 it.");
        var text = (await File.ReadAllTextAsync(file.FullName, cancellationToken)).Trim();
        return text.Length > 0 ? new Secret(text) : throw new StartException($"{file.Name} is empty.");
    }

    private static void Print(ExportTargetRow row)
    {
        var by = row.AddedBy is { } tenant ? $"tenant {tenant}" : "the operator";
        var account = row.Address.Account is { } connected ? $" {connected}" : "";
        var batches = row.Counts.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Value} {one.Key}");
        Console.WriteLine($"target  {row.Id:N} {row.Kind} {row.Address.EventName} {row.Address.Unit} {row.Address.Customer}{account}, added by {by}");
        Console.WriteLine($"  key     {(row.HasCredential ? "its own" : "the installation's, if any")}");
        Console.WriteLine($"  batches {string.Join(", ", batches.DefaultIfEmpty("none"))}");
        foreach (var (name, at) in new[] { ("sent   ", row.LastSentAt), ("oldest ", row.OldestUnsentAt), ("blocked", row.BlockedUntil), ("retired", row.RetiredAt) })
        {
            if (at is { } instant)
                Console.WriteLine($"  {name} {instant:O}");
        }

        if (row.LastError is { } error)
            Console.WriteLine($"  error   {error}");
    }
}
