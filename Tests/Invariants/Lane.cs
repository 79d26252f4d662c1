using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Processes;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Storage;

namespace Orchestrator.Tests.Invariants;

/// <summary>One of several processes, as the database sees it: connections, stores and a row of its own, and the sessions it believes to hold.</summary>
internal sealed class Lane(int number, string connectionString) : IAsyncDisposable
{
    private readonly Database _database = new(connectionString);
    private long _process;

    public int Number => number;
    public SessionClaimStore Claims => field ??= new(_database);
    public BillingStore Billing => field ??= new(_database);
    public JournalStore Journal => field ??= new(_database);
    public ProcessStore Processes => field ??= new(_database);
    public WalletStore Wallets => field ??= new(_database);
    public MarkStore Marks => field ??= new(_database);
    public List<Live> Sessions { get; } = [];

    /// <summary>Its row. Others read it to declare it dead.</summary>
    public long Process
    {
        get => Volatile.Read(ref _process);
        set => Volatile.Write(ref _process, value);
    }

    public async ValueTask DisposeAsync()
    {
        Marks.Dispose();
        await _database.DisposeAsync();
    }
}

/// <summary>A session as its process knows it. What it may generate follows the rules of its hold: see SessionHold.</summary>
internal sealed class Live(SessionOwnership ownership, Customer customer, long? authorisedMs)
{
    private long _unheldMs;

    public SessionOwnership Ownership => ownership;
    public Customer Customer => customer;
    public List<LiveRun> Runs { get; } = [];

    /// <summary>What is held for the run that counts; null when no wallet limits it.</summary>
    public long? HeldMs { get; private set; } = authorisedMs;

    public bool IsOver { get; set; }

    public LiveRun? Open => Runs is [.., var last] && !last.IsClosed ? last : null;

    /// <summary>How far the mark may go while the session lives.</summary>
    public long MayMark => HeldMs is not { } held ? long.MaxValue : Math.Max(held, Runs.Count <= 1 ? 0 : Start);

    /// <summary>How far it may get when the session is ended: a second past what is held, in all.</summary>
    public long MayEndAt => HeldMs is { } held ? held + Start : long.MaxValue;

    private long Start => (long)HoldRule.Start.TotalMilliseconds - _unheldMs;

    /// <summary>A run begins; what was held for the last one is not for this.</summary>
    public LiveRun Begin()
    {
        if (Runs.Count > 0 && HeldMs is not null)
            HeldMs = 0;
        var run = new LiveRun(Runs.Count + 1);
        Runs.Add(run);
        return run;
    }

    /// <summary>An answer about the run that counts.</summary>
    public void Hear(long? authorisedMs)
    {
        HeldMs = authorisedMs;
        if (authorisedMs > 0)
            _unheldMs = 0;
    }

    /// <summary>The run counts no more.</summary>
    public void Close(LiveRun run)
    {
        run.IsClosed = true;
        run.UnheldMs = HeldMs is { } held ? HoldRule.Overrun(run.SentMs, held, blindMs: 0) : 0;
        _unheldMs = Math.Min((long)HoldRule.Start.TotalMilliseconds, _unheldMs + run.UnheldMs);
    }

    public LiveGeneration Generation(LiveRun run)
    {
        var generation = new LiveGeneration(ownership, run.Ordinal, upstream: null, run.StartedAt);
        generation.Raise(run.SentMs);
        return generation;
    }
}

/// <summary>What was sent of a run, and what of it was confirmed.</summary>
internal sealed class LiveRun(int ordinal)
{
    public int Ordinal => ordinal;
    public DateTimeOffset StartedAt { get; } = TimeProvider.System.GetUtcNow();
    public long? Id { get; set; }
    public long SentMs { get; set; }
    public long ConfirmedMs { get; set; }
    public long UnheldMs { get; set; }
    public bool IsClosed { get; set; }

    /// <summary>Raises it by so much, as far as it may.</summary>
    public void Raise(long by, long limit) => SentMs = Math.Max(SentMs, Math.Min(SentMs + by, limit));
}
