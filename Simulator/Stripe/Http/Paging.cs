using System.Globalization;
using System.Text.Json.Nodes;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>Stripe's lists: newest first, 10 unless 1 to 100 are asked for, onwards from an object's id.</summary>
internal static class Paging
{
    public static StripeAnswer List(StripeCall call, string url, JsonObject[] all)
    {
        var limit = int.TryParse(call.Asked("limit") ?? "10", CultureInfo.InvariantCulture, out var asked) ? asked : 0;
        if (limit is < 1 or > 100)
            return StripeErrors.Violation(call.Operation, "Invalid limit: must be between 1 and 100", "parameter_invalid_integer", "limit");
        var (after, before) = (call.Asked("starting_after"), call.Asked("ending_before"));
        if (after is not null && before is not null)
            return StripeErrors.Violation(call.Operation, "You may only specify one of these parameters: ending_before, starting_after.", param: "ending_before");

        var place = Array.FindIndex(all, one => one["id"]!.GetValue<string>() == (after ?? before));
        if (place < 0 && (after ?? before) is { } unknown)
            return StripeErrors.NoSuch(call.Operation, "object", unknown, after is null ? "ending_before" : "starting_after", status: 400);

        var rest = before is null ? all.Skip(place + 1) : all.Take(place).TakeLast(limit);
        return StripeAnswer.Ok(new()
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. rest.Take(limit)]),
            ["has_more"] = before is null ? rest.Count() > limit : place > limit,
            ["url"] = url,
        });
    }
}
