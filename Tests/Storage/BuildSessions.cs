using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Processes;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>Processes, sessions and generations, made as the program makes them.</summary>
internal static class BuildSessions
{
    /// <summary>A process with a lease.</summary>
    public static Task<long> AddProcessAsync(this TestDatabase database) =>
        new ProcessStore(database.Database).RegisterAsync("a process", CancellationToken.None);

    /// <summary>Lets a process's lease lapse; nobody has declared it dead yet.</summary>
    public static Task LapseAsync(this TestDatabase database, long process) =>
        database.ExecuteAsync("UPDATE process SET lease_until = clock_timestamp() - interval '1 ms' WHERE id = $1", process);

    /// <summary>Declares a process dead as another one does that finds its lease lapsed.</summary>
    public static async Task DeclareDeadAsync(this TestDatabase database, long process)
    {
        await database.LapseAsync(process);
        await new ProcessStore(database.Database).DeclareDeadAsync(caller: 0, CancellationToken.None);
    }

    /// <summary>A claim of a new session, not made yet.</summary>
    public static SessionClaim ClaimOf(Customer customer, params SessionLimit[] limits) => new(
        SessionId.New(TimeProvider.System.GetUtcNow()),
        new OpenSession(customer.Path, customer.KeyId, "decart", "mirage", "decart", limits, MaxDuration: null, Metadata: null, "192.0.2.1", "a client"));

    /// <summary>Live sessions of a customer.</summary>
    public static async Task<IReadOnlyList<SessionOwnership>> AddSessionsAsync(this TestDatabase database, long process, Customer customer, int count)
    {
        var claims = Enumerable.Range(0, count).Select(_ => ClaimOf(customer)).ToList();
        var answers = await new SessionClaimStore(database.Database).AdmitAsync(process, claims, CancellationToken.None);
        Assert.All(answers, answer => Assert.Null(answer.Refused));
        return claims.ConvertAll(claim => new SessionOwnership(claim.Session, customer.Path[0]));
    }

    /// <summary>Settles the live sessions of those runs, under the epochs they are held by.</summary>
    public static Task<IReadOnlyList<Settlement>> SettleAsync(this TestDatabase database, params IEnumerable<LiveGeneration> runs) =>
        new BillingStore(database.Database).SettleAsync([.. runs.Select(DueOf)], CancellationToken.None);

    /// <summary>Settles what closed runs of a tree owe, as its billing grain does.</summary>
    public static async Task<int> SettleClosedAsync(this IBillingStore billing, TenantId root, int limit)
    {
        var due = await billing.FindClosedAsync(root, limit, CancellationToken.None);
        if (due.Count > 0)
            await billing.SettleAsync(due, CancellationToken.None);
        return due.Count;
    }

    /// <summary>What is due of a run, with more wanted for it or without.</summary>
    public static SettlementDue DueOf(LiveGeneration run) => new(run.Ownership.Session, run.Ownership.Epoch, run.Run, WantedMs: null, BlindMs: 0);

    /// <summary>A live session of a customer.</summary>
    public static async Task<SessionOwnership> AddSessionAsync(this TestDatabase database, long process, Customer customer) =>
        (await database.AddSessionsAsync(process, customer, count: 1)).Single();

    /// <summary>The first runs of sessions.</summary>
    public static async Task<IReadOnlyList<LiveGeneration>> AddGenerationsAsync(this TestDatabase database, long process, params IEnumerable<SessionOwnership> sessions)
    {
        var startedAt = TimeProvider.System.GetUtcNow();
        var opened = sessions.Select(session => new GenerationOpened(new LiveGeneration(session, run: 1, "upstream-1", startedAt))).ToList();
        var ids = await database.JournalAsync(process, opened);
        for (var i = 0; i < opened.Count; i++)
            opened[i].Generation.Opened(Assert.NotNull(ids[i]));
        return opened.ConvertAll(entry => entry.Generation);
    }

    /// <summary>A live session of a customer with its first run.</summary>
    public static async Task<LiveGeneration> AddGenerationAsync(this TestDatabase database, long process, Customer customer) =>
        (await database.AddGenerationsAsync(process, await database.AddSessionAsync(process, customer))).Single();

    /// <summary>Writes entries to the journal.</summary>
    public static Task<IReadOnlyList<long?>> JournalAsync(this TestDatabase database, long process, params IReadOnlyList<JournalEntry> entries) =>
        new JournalStore(database.Database).WriteAsync(process, JournalBatch.Of(entries), CancellationToken.None);

    /// <summary>The end of a session with its runs, as the relay reports it.</summary>
    public static SessionEnded EndOf(SessionOwnership session, CloseCode code, params LiveGeneration[] runs) => new(
        session, session.NextSequence(), TimeProvider.System.GetUtcNow(), code, new SessionState(SessionPhase.Ended, Code: code),
        [.. runs.Select(run => new GenerationClosed(run, code.Entry().Name, ClaimedMs: null))]);
}
