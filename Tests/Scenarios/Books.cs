using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>What the books say of one session, over all of its runs.</summary>
/// <param name="Session">The session.</param>
/// <param name="Upstream">The provider's name of it, as its generation has it.</param>
/// <param name="MarkMs">Milliseconds generated.</param>
/// <param name="LedgeredMs">As many as the generations say are in the ledger.</param>
/// <param name="LedgerMs">As many as are in the ledger.</param>
/// <param name="DuplicateMs">Milliseconds that stand in the ledger more than once.</param>
/// <param name="OpenGenerations">Runs that are not closed.</param>
/// <param name="EndEvents">How many ends its timeline has.</param>
/// <param name="CloseCode">Why it ended; null while it lives.</param>
/// <param name="EndedAt">When it ended, by the database's clock.</param>
public sealed record Book(
    Guid Session, string? Upstream, long MarkMs, long LedgeredMs, long LedgerMs, long DuplicateMs, long OpenGenerations, long EndEvents, int? CloseCode, DateTime? EndedAt);

/// <summary>Reads the tables themselves, as an auditor would.</summary>
internal static class Books
{
    /// <summary>Every session, oldest first.</summary>
    public static async Task<IReadOnlyList<Book>> ReadAsync(TestDatabase database)
    {
        await using var command = database.Owner.CreateCommand("""
            SELECT s.id, coalesce(max(g.upstream_session_id), s.upstream_session_id), coalesce(sum(g.mark_ms), 0)::bigint,
                   coalesce(sum(g.ledgered_ms), 0)::bigint, coalesce(sum(l.total), 0)::bigint, coalesce(sum(l.total - l.distinct_total), 0)::bigint,
                   count(g.id) FILTER (WHERE g.closed_at IS NULL),
                   (SELECT count(*) FROM session_event e WHERE e.session_id = s.id AND e.kind = 'session_ended'), s.close_code, s.ended_at
            FROM session s
            LEFT JOIN generation g ON g.session_id = s.id
            LEFT JOIN LATERAL (
              SELECT sum(u.to_ms - u.from_ms) AS total, (SELECT sum(upper(r) - lower(r)) FROM unnest(range_agg(int8range(u.from_ms, u.to_ms))) r) AS distinct_total
              FROM usage_ledger u WHERE u.generation_id = g.id) l ON true
            GROUP BY s.id ORDER BY s.id
            """);
        await using var reader = await command.ExecuteReaderAsync();
        var books = new List<Book>();
        while (await reader.ReadAsync())
        {
            books.Add(new Book(
                reader.GetGuid(0), await reader.IsDBNullAsync(1) ? null : reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3),
                await reader.GetFieldValueAsync<long>(4), await reader.GetFieldValueAsync<long>(5), reader.GetInt64(6), reader.GetInt64(7),
                await reader.IsDBNullAsync(8) ? null : reader.GetInt32(8), await reader.IsDBNullAsync(9) ? null : reader.GetDateTime(9)));
        }

        return books;
    }

    /// <summary>That session.</summary>
    public static async Task<Book> OfAsync(TestDatabase database, string session) => (await ReadAsync(database)).Single(book => book.Session == Guid.Parse(session));

    /// <summary>The sessions of those clients.</summary>
    public static async Task<IReadOnlyList<Book>> OfAsync(TestDatabase database, IReadOnlyList<StreamClient> clients)
    {
        var sessions = clients.Select(client => Guid.Parse(client.Session!)).ToHashSet();
        return [.. (await ReadAsync(database)).Where(book => sessions.Contains(book.Session))];
    }

    /// <summary>What holds for every session that is over, however it ended.</summary>
    public static void AssertClosed(Book book)
    {
        Assert.Equal((0L, 1L, 0L), (book.OpenGenerations, book.EndEvents, book.DuplicateMs));
        Assert.Equal((book.MarkMs, book.MarkMs), (book.LedgeredMs, book.LedgerMs));
    }
}
