using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;

namespace Orchestrator.Gateway.Commands;

/// <summary>
/// A provider's invoice from a file: CSV with a header, or a JSON array of objects. Of each line the session's id and the seconds
/// count, exactly as written; other columns are passed over. A line that cannot be read stops it: half an invoice proves nothing.
/// </summary>
internal static class ProviderInvoice
{
    /// <summary>The largest file.</summary>
    public const long MaxBytes = 64 * 1024 * 1024;

    /// <summary>The most lines.</summary>
    public const int MaxLines = 500_000;

    private static readonly string[] IdColumns = ["session_id", "provider_session_id", "upstream_session_id"];

    public static async Task<IReadOnlyList<InvoicedSession>> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        if (!file.Exists)
            throw new StartException($"There is no file {file.Name}.");
        if (file.Length > MaxBytes)
            throw new StartException($"{file.Name} has more than {MaxBytes / 1024 / 1024} MiB; split it.");
        var text = await File.ReadAllTextAsync(file.FullName, cancellationToken);
        return Read(text);
    }

    public static IReadOnlyList<InvoicedSession> Read(string text)
    {
        var lines = text.AsSpan().TrimStart().StartsWith("[", StringComparison.Ordinal) ? FromJson(text) : FromCsv(text);
        return lines.Count <= MaxLines ? lines : throw new StartException($"The invoice has more than {MaxLines} lines; split it.");
    }

    private static List<InvoicedSession> FromJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select((item, i) =>
            {
                if (item.ValueKind is not JsonValueKind.Object)
                    throw Unreadable(i + 1, "it is no object");
                var id = IdColumns.Select(name => item.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null)
                    .FirstOrDefault(value => value is not null);
                return Line(i + 1, id, item.TryGetProperty("seconds", out var seconds) && seconds.ValueKind is JsonValueKind.Number ? seconds.GetRawText() : null);
            })];
        }
        catch (JsonException exception)
        {
            throw new StartException($"The invoice is no JSON array: {exception.Message}");
        }
    }

    private static List<InvoicedSession> FromCsv(string text)
    {
        var rows = text.Split('\n').Select((row, i) => (Number: i + 1, Cells: row.TrimEnd('\r').Split(',').Select(Unquoted).ToArray()))
            .Where(row => row.Cells is not [""]).ToList();
        if (rows.Count == 0)
            throw new StartException("The invoice is empty.");
        var header = rows[0].Cells;
        var (id, seconds) = (Array.FindIndex(header, name => IdColumns.Contains(name.TrimStart('\uFEFF'))), Array.FindIndex(header, name => name == "seconds"));
        if (id < 0 || seconds < 0)
            throw new StartException($"The invoice's first line must name its columns: {string.Join(" or ", IdColumns)}, and seconds.");
        return [.. rows.Skip(1).Select(row => row.Cells.Length == header.Length
            ? Line(row.Number, row.Cells[id], row.Cells[seconds])
            : throw Unreadable(row.Number, $"it has {row.Cells.Length} columns and not {header.Length}"))];
    }

    private static string Unquoted(string cell) => cell.Trim() is ['"', .. var inner, '"'] ? inner : cell.Trim();

    private static InvoicedSession Line(int number, string? id, string? seconds)
    {
        if (id is not { Length: > 0 and <= 200 })
            throw Unreadable(number, "it names no session");
        return seconds is not null && Seconds.TryParse(Encoding.UTF8.GetBytes(seconds), out var milliseconds)
            ? new InvoicedSession(id, milliseconds)
            : throw Unreadable(number, "its seconds are no number");
    }

    private static StartException Unreadable(int number, string why) => new($"Line {number} of the invoice cannot be read: {why}.");
}
