using System.Buffers;
using System.Globalization;
using System.Text;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>
/// Usage as a table (RFC 4180). End users and models are words of strangers: one that a spreadsheet would run as a formula is
/// written with an apostrophe before it, which spreadsheets show as text.
/// </summary>
internal static class UsageCsv
{
    private static readonly string[] Amounts =
    [
        "seconds", "billed_seconds", "charge_micros", "charge", "income_micros", "income", "margin_micros", "margin", "currency",
        "input_tokens", "cached_tokens", "output_tokens",
    ];

    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n\t;'");

    /// <summary>The table with its header.</summary>
    public static string Write(UsageRequest request, IReadOnlyList<UsageRow> rows, string currency)
    {
        var text = new StringBuilder();
        Line(text, request.Groups.Select(UsageRequest.NameOf).Concat(Amounts));
        foreach (var row in rows.Take(request.Limit))
            Line(text, row.Keys.Select(Cell).Concat(Numbers(row.Sums)).Append(currency).Concat(Tokens(row.Sums.Tokens)));
        return text.ToString();
    }

    /// <summary>One cell of foreign text.</summary>
    public static string Cell(string text)
    {
        // Leading blanks do not keep a spreadsheet from it.
        var isFormula = text.TrimStart() is ['=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..] || text is ['\t' or '\r' or '\n', ..];
        var safe = isFormula ? "'" + text : text;
        return safe.AsSpan().ContainsAny(Quoted) || safe != safe.Trim() ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static IEnumerable<string> Numbers(UsageSums sums)
    {
        var margin = sums.IncomeMicros - sums.ChargeMicros;
        return
        [
            Text(sums.Milliseconds / 1000m), Text(sums.BilledSeconds),
            Text(sums.ChargeMicros), Text(sums.ChargeMicros / 1_000_000m), Text(sums.IncomeMicros), Text(sums.IncomeMicros / 1_000_000m), Text(margin), Text(margin / 1_000_000m),
        ];
    }

    private static IEnumerable<string> Tokens(TokenSums tokens) => [Text(tokens.Input), Text(tokens.Cached), Text(tokens.Output)];

    private static string Text(decimal number) => number.ToString("0.######", CultureInfo.InvariantCulture);

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells).Append("\r\n");
}
