using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Simulator.Stripe.Events;

/// <summary>Tells of events that failed after they were accepted: one thin event per meter. Called under the gate of the books.</summary>
internal sealed class ErrorReports(StripeBooks books, NotificationBook notifications)
{
    private const string NoMeter = "no_meter";

    /// <summary>Makes the reports of everything that none has told of yet; their ids.</summary>
    public IReadOnlyList<string> Make()
    {
        var failed = books.Unreported.ToArray();
        books.Unreported.Clear();
        return
        [
            .. failed.GroupBy(index => (books.Events[index].Account, Meter: MeterOf(index)))
                .Select(group => Report(books.Names[group.Key.Account], group.Key.Meter, [.. group]).Id),
        ];
    }

    private Meter? MeterOf(int index)
    {
        var stored = books.Events[index];
        return books.Names[stored.Failure] == NoMeter ? null : books.Existing(books.Names[stored.Account]).MeterFor(books.Names[stored.EventName]);
    }

    private Notification Report(string account, Meter? meter, int[] failed)
    {
        var isConnected = books.Existing(account).Platform is not null;
        var related = meter is null ? null : new JsonObject { ["id"] = meter.Id, ["type"] = "billing.meter", ["url"] = $"/v1/billing/meters/{meter.Id}" };
        var now = books.Clock.Now;
        var data = new JsonObject
        {
            ["developer_message_summary"] = $"There are {failed.Length} invalid events",
            ["reason"] = new JsonObject
            {
                ["error_count"] = failed.Length,
                ["error_types"] = new JsonArray([.. failed.GroupBy(index => books.Events[index].Failure).Select(kind => KindOf(books.Names[kind.Key], [.. kind]))]),
            },
            ["validation_start"] = Text(now.AddSeconds(-10)),
            ["validation_end"] = Text(now),
        };
        return notifications.AddThin(
            account, isConnected, meter is null ? "v1.billing.meter.no_meter_found" : "v1.billing.meter.error_report_triggered", related, data);
    }

    /// <summary>The count is of all, the samples of some.</summary>
    private JsonObject KindOf(string code, int[] failed) => new()
    {
        ["code"] = code,
        ["error_count"] = failed.Length,
        ["sample_errors"] = new JsonArray([.. failed.Take(books.Settings.SampleErrors).Select(index => new JsonObject
        {
            ["error_message"] = $"The event failed: {code}",
            ["request"] = new JsonObject { ["identifier"] = books.Events.IdentifierOf(index) },
        })]),
    };

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
