using System.Text.Json;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>One page of summaries.</summary>
internal sealed record SummaryPage(IReadOnlyList<MeterSummary> Summaries, bool HasMore)
{
    /// <summary>Null when it is no such page: a summary that cannot be read must not be taken for none.</summary>
    public static SummaryPage? Read(ReadOnlyMemory<byte> body) => StripeJson.Read(body, root =>
    {
        if (root.Member("data") is not { ValueKind: JsonValueKind.Array } data || root.Member("has_more") is not { ValueKind: JsonValueKind.True or JsonValueKind.False } more)
            return null;
        var summaries = data.EnumerateArray().Select(Summary).ToList();
        return summaries.Contains(null) ? null : new SummaryPage(summaries!, more.GetBoolean());
    });

    private static MeterSummary? Summary(JsonElement item) =>
        item.Text("id") is { } id && item.UnixInstant("start_time") is { } from && item.UnixInstant("end_time") is { } to
        && item.Member("aggregated_value") is { ValueKind: JsonValueKind.Number } value && value.TryGetDecimal(out var counted)
            ? new(id, from, to, counted)
            : null;
}
