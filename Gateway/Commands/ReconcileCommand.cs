using System.CommandLine;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Storage;
using Orchestrator.Storage.Migrations;

namespace Orchestrator.Gateway.Commands;

/// <summary>
/// <c>orchestrator reconcile</c>: compares all counts of seconds and lists what does not agree. It reads and writes nothing, unless
/// corrections are ordered by name and reason. Exit code 0: all agrees; 1: findings; 2: it did not run.
/// </summary>
internal static class ReconcileCommand
{
    public const string Name = "reconcile";

    public const int Findings = 1;

    public const int NotRun = 2;

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var correct = new Option<bool>("--correct") { Description = "Put right what is proven, by entries and batches of their own; needs --actor and --reason" };
        var actor = new Option<string?>("--actor") { Description = "Who orders the corrections" };
        var reason = new Option<string?>("--reason") { Description = "Why" };
        var invoice = new Option<FileInfo?>("--provider-invoice") { Description = "A provider's invoice, CSV or JSON: its session ids and seconds" };
        var tolerance = new Option<int>("--tolerance-ms") { Description = "How far a run on the invoice may be from ours by rounding", DefaultValueFactory = _ => 1_000 };
        var command = new Command(Name, "Compare ledger, providers, sinks and wallets; list every second that does not agree. Exit 0 clean, 1 findings, 2 not run")
        {
            json, correct, actor, reason, invoice, tolerance,
        };
        command.Validators.Add(result =>
        {
            var isNamed = result.GetValue(actor) is { Length: > 0 and <= 200 } && result.GetValue(reason) is { Length: > 0 and <= 1000 };
            if (result.GetValue(correct) && !isNamed)
                result.AddError("--correct needs --actor (up to 200 characters) and --reason (up to 1000): every correction is somebody's.");
            if (!result.GetValue(correct) && (result.GetValue(actor) ?? result.GetValue(reason)) is not null)
                result.AddError("--actor and --reason are for --correct; without it nothing is changed.");
            if (result.GetValue(tolerance) is < 0 or > 3_600_000)
                result.AddError("--tolerance-ms must be from 0 to 3600000.");
        });
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var isClean = false;
            var failed = await CommandErrors.ReportAsync(async () =>
            {
                var lines = arguments.GetValue(invoice) is { } file ? await ProviderInvoice.ReadAsync(file, cancellationToken) : null;
                var order = new ReconciliationOrder(ReconciliationCause.Command)
                {
                    Invoice = lines, Tolerance = TimeSpan.FromMilliseconds(arguments.GetValue(tolerance)),
                    Correction = arguments.GetValue(correct) ? new CorrectionOrder(arguments.GetValue(actor)!, arguments.GetValue(reason)!) : null,
                };
                var report = await RunAsync(order, cancellationToken);
                Console.Write(arguments.GetValue(json) ? ReconciliationPrint.Json(report) : ReconciliationPrint.Text(report));
                isClean = report.IsClean;
            });
            return failed != 0 ? NotRun : isClean ? 0 : Findings;
        });
        return command;
    }

    private static async Task<ReconciliationReport> RunAsync(ReconciliationOrder order, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.AddGateway().AddInProcessHost();
        builder.Logging.ClearProviders();
        // Looking must not leave a new key in the ring.
        builder.Services.Configure<KeyManagementOptions>(keys => keys.AutoGenerateKeys = false);
        await using var app = builder.Build();
        if (await Migrator.ComplaintAsync(app.Services.GetRequiredService<Database>().Source, cancellationToken) is { } complaint)
            throw new StartException(complaint);
        return await app.Services.GetRequiredService<Reconciler>().RunAsync(order, cancellationToken)
            ?? throw new StartException("Another reconciliation is under way on this database; try again when it is over.");
    }
}
