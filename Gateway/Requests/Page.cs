using Microsoft.AspNetCore.Http.HttpResults;

namespace Orchestrator.Gateway.Requests;

/// <summary>Pages of rows with an id that grows: the newest first, before a cursor.</summary>
/// <param name="Items">The rows.</param>
/// <param name="Next">Pass it as <c>before</c> for the next page; null on the last.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>A page of up to <paramref name="limit"/> from rows of which one more was asked for.</summary>
    public static Page<T> Of<TRow>(IReadOnlyList<TRow> rows, int limit, Func<TRow, T> item, Func<TRow, string> cursor) =>
        new([.. rows.Take(limit).Select(item)], rows.Count > limit ? cursor(rows[limit - 1]) : null);
}

/// <summary>Bounds of pages.</summary>
internal static class Pages
{
    /// <summary>The largest page.</summary>
    public const int Max = 200;

    /// <summary>What is wrong with what was asked for, or null.</summary>
    public static ProblemHttpResult? Problem(int limit, long before = 1)
    {
        var errors = new Dictionary<string, string>();
        if (limit is < 1 or > Max)
            errors["limit"] = $"must be from 1 to {Max}";
        if (before < 1)
            errors["before"] = "must be what a page said comes next";
        return errors.Count > 0 ? Problems.Invalid(errors) : null;
    }

    /// <summary>The same for rows whose ids are uuids, with the cursor that a page gave.</summary>
    public static ProblemHttpResult? Problem(int limit, string? before, out Guid? cursor)
    {
        var isCursor = Guid.TryParseExact(before, "N", out var parsed);
        cursor = isCursor ? parsed : null;
        return Problem(limit, before is null || isCursor ? 1 : 0);
    }
}
