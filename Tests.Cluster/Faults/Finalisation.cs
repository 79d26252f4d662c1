using System.Globalization;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Faults;

/// <summary>How long sessions took to be finished in every respect: ledger closed, slot and hold free, provider gone, one end told.</summary>
internal sealed record Finalisation(IReadOnlyList<TimeSpan> Took)
{
    private const string Final = """
        SELECT s.id FROM session s
        WHERE s.id = ANY ($1) AND s.ended_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM hold h WHERE h.session_id = s.id)
          AND NOT EXISTS (SELECT FROM generation g WHERE g.session_id = s.id AND (g.closed_at IS NULL OR g.ledgered_ms <> g.mark_ms))
          AND (SELECT count(*) FROM session_event e WHERE e.session_id = s.id AND e.kind = 'session_ended') = 1
        """;

    /// <summary>Looks until all of them are.</summary>
    /// <param name="database">The books.</param>
    /// <param name="truth">When the provider saw each go.</param>
    /// <param name="sessions">Which.</param>
    /// <param name="since">The instant that is counted from, of the clock that never steps.</param>
    public static async Task<Finalisation> AwaitAsync(TestDatabase database, Truth truth, IReadOnlyCollection<Guid> sessions, long since)
    {
        var took = new Dictionary<Guid, TimeSpan>();
        var left = sessions.ToHashSet();
        await Eventually.SeesAsync("sessions that are not finished yet are none", LookAsync, count => count == 0, TimeSpan.FromSeconds(60));

        foreach (var book in (await Scenarios.Books.ReadAsync(database)).Where(book => took.ContainsKey(book.Session)))
        {
            if (truth.Find(book.Upstream ?? "")?.Entries is not [.., { Kind: TruthKind.PeerClosed or TruthKind.PeerVanished or TruthKind.Closed or TruthKind.Dropped } end])
                throw new InvalidOperationException($"The provider still has session {book.Session}.");
            var gone = TimeProvider.System.GetElapsedTime(since, end.Timestamp);
            took[book.Session] = gone > took[book.Session] ? gone : took[book.Session];
        }

        return new Finalisation([.. took.Values.Order()]);

        async Task<int> LookAsync()
        {
            var finished = await database.ListAsync<Guid>(Final, left.ToArray());
            var after = TimeProvider.System.GetElapsedTime(since);
            foreach (var session in finished.Where(left.Remove))
                took[session] = after;
            return left.Count;
        }
    }

    /// <summary>The time within which that share of the sessions was finished.</summary>
    public TimeSpan At(double share) => Took[Math.Max(0, (int)Math.Ceiling(share * Took.Count) - 1)];

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Took.Count} sessions finalised, p50 {At(0.5).TotalSeconds:0.00} s, p99 {At(0.99).TotalSeconds:0.00} s, max {At(1).TotalSeconds:0.00} s");
}
