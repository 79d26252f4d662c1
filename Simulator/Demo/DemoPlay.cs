using System.Security.Cryptography;
using Orchestrator.Simulator.Demo.Dialects;

namespace Orchestrator.Simulator.Demo;

/// <summary>
/// One session from its client's first request to its charge. Three parts are played: the reseller's back end, which mints a
/// token and reads the API; the end user's client, which holds only that token and speaks a dialect; and the auditor, who
/// compares the provider's truth with the ledger and, where there is a tree to audit, with what every level and Stripe know of it.
/// </summary>
internal sealed class DemoPlay(JsonApi gateway, JsonApi simulator, IDemoDialect dialect, MoneyAudit? money, Story story, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private DemoVisit? _visit;
    private bool _isAuditing;

    /// <summary>What the play waits for, to be named when it waits too long.</summary>
    public string WaitsFor
    {
        get => _isAuditing && money is not null ? money.WaitsFor : _visit?.WaitsFor ?? field;
        private set;
    } = "the gateway";

    /// <summary>Plays it.</summary>
    public async Task<DemoFigures> PlayAsync(CancellationToken cancellationToken)
    {
        var endUser = $"demo-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        WaitsFor = "a client token";
        story.Tell(DemoStep.Connect, $"The back end mints a client token for end user {endUser}: {dialect.Model} only, opens sessions for 60 s.");
        var token = await MintAsync(endUser, cancellationToken);

        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = new SessionWatch(gateway, story, time).FollowAsync(endUser, dialect.IsMeteredByGateway, given.Token);
        try
        {
            _visit = new DemoVisit(gateway.Address, token, story, time);
            await dialect.UseAsync(_visit, cancellationToken);
            _visit = null;
            WaitsFor = "the session's end on its timeline";
            var session = await watching;
            return await AuditAsync(session, await TruthAsync(session, cancellationToken), cancellationToken);
        }
        finally
        {
            await given.CancelAsync();
            await ((Task)watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string> MintAsync(string endUser, CancellationToken cancellationToken)
    {
        var request = new
        {
            expiresIn = 60,
            allowedModels = new[] { dialect.Model },
            constraints = new { realtime = new { maxSessionDuration = 60 } },
            metadata = new { user_id = endUser },
        };
        return (await gateway.PostAsync<MintedToken>("v1/client/tokens", request, cancellationToken)).ApiKey;
    }

    /// <summary>What the simulator knows of the session, once it is over there too.</summary>
    private async Task<TruthSummary> TruthAsync(SessionView session, CancellationToken cancellationToken)
    {
        WaitsFor = "the provider to close its session";
        while (true)
        {
            var truth = await FindTruthAsync(session, cancellationToken);
            if (!truth.Open)
                return truth;
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private async Task<TruthSummary> FindTruthAsync(SessionView session, CancellationToken cancellationToken)
    {
        if (session.Upstream.SessionId is { } upstream)
            return await simulator.GetAsync<TruthSummary>($"control/truth/{Uri.EscapeDataString(upstream)}", cancellationToken);
        if (dialect.NamesSessions)
            throw new DemoException($"Session {session.Id} never learned what the provider calls it, so its truth cannot be looked up.");

        // Newest first. Whoever plays at the same time, and with the same model, may be taken for us; ./run has a simulator of its own.
        return (await simulator.GetAsync<TruthSummary[]>("control/truth", cancellationToken)).FirstOrDefault(truth => truth.Model == dialect.Model)
            ?? throw new DemoException($"The simulator knows of no session for {dialect.Model}.");
    }

    private async Task<DemoFigures> AuditAsync(SessionView session, TruthSummary truth, CancellationToken cancellationToken)
    {
        var figures = dialect.IsMeteredByGateway ? DemoFigures.OfGatewayClock(truth, session) : DemoFigures.Of(truth, session);
        story.Tell(DemoStep.Bill, BillTeller.Truth(truth, figures, dialect.IsMeteredByGateway));
        foreach (var line in BillTeller.Lines(session))
            story.Tell(DemoStep.Bill, line);
        if (money is null || !figures.Agree)
        {
            story.Tell(DemoStep.Bill, BillTeller.Charge(session));
            return figures;
        }

        _isAuditing = true;
        story.Tell(DemoStep.Bill, "The auditor waits until wallets are charged and usage is exported.");
        var read = await money.ReadAsync(session.Id, figures.GeneratedMs, cancellationToken);
        foreach (var line in MoneyTeller.Lines(read))
            story.Tell(DemoStep.Bill, line);
        return figures with { Flaw = read.Flaw };
    }

    private sealed record MintedToken(string ApiKey);
}
