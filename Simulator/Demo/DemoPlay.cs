using System.Security.Cryptography;

namespace Orchestrator.Simulator.Demo;

/// <summary>
/// One session from its client's first request to its charge. Three parts are played: the reseller's back end, which mints a
/// token and reads the API; the end user's client, which holds only that token; and the auditor, who compares the provider's
/// truth with the ledger and, where there is a tree to audit, with what every level and Stripe know of it.
/// </summary>
internal sealed class DemoPlay(JsonApi gateway, JsonApi simulator, MoneyAudit? money, Story story, TimeProvider time)
{
    private const string Model = "sim-demo";
    private const int Ticks = 5;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private bool _isAuditing;

    /// <summary>What the play waits for, to be named when it waits too long.</summary>
    public string WaitsFor
    {
        get => _isAuditing && money is not null ? money.WaitsFor : field;
        private set;
    } = "the gateway";

    /// <summary>Plays it.</summary>
    public async Task<DemoFigures> PlayAsync(CancellationToken cancellationToken)
    {
        var endUser = $"demo-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        WaitsFor = "a client token";
        story.Tell(DemoStep.Connect, $"The back end mints a client token for end user {endUser}: {Model} only, opens sessions for 60 s.");
        var token = await MintAsync(endUser, cancellationToken);

        var address = new UriBuilder(gateway.Address) { Scheme = gateway.Address.Scheme == "https" ? "wss" : "ws", Path = "/v1/stream" }.Uri;
        story.Tell(DemoStep.Connect, $"The client connects to {address}?api_key=***&model={Model}.");
        WaitsFor = "the gateway to accept the client";
        using var client = await DemoClient.ConnectAsync(new Uri($"{address}?api_key={Uri.EscapeDataString(token)}&model={Model}"), cancellationToken);

        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = new SessionWatch(gateway, story, time).FollowAsync(endUser, given.Token);
        try
        {
            await UseAsync(client, cancellationToken);
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
            allowedModels = new[] { Model },
            constraints = new { realtime = new { maxSessionDuration = 60 } },
            metadata = new { user_id = endUser },
        };
        return (await gateway.PostAsync<MintedToken>("v1/client/tokens", request, cancellationToken)).ApiKey;
    }

    private async Task UseAsync(DemoClient client, CancellationToken cancellationToken)
    {
        var (heard, offered) = (0, false);
        WaitsFor = "a node of the provider";
        while (heard < Ticks)
        {
            var frame = await client.ReadAsync(cancellationToken)
                ?? throw new DemoException($"The gateway closed the client's connection after {heard} ticks: {client.Farewell}.");
            switch (frame)
            {
                case { Type: "status", Value: "Ready" } when !offered:
                    offered = true;
                    story.Tell(DemoStep.Relay, "The client hears that its node is ready, and offers its media.");
                    WaitsFor = "the answer to the client's offer";
                    await client.OfferAsync(cancellationToken);
                    break;
                case { Type: "answer" }:
                    WaitsFor = "the provider to generate";
                    break;
                case { Type: "generation_tick" }:
                    heard++;
                    WaitsFor = $"tick {heard + 1}";
                    story.Tell(DemoStep.Meter, $"The client hears tick {heard}: {frame.Value} s.");
                    break;
                case { Type: "error" }:
                    throw new DemoException($"The client was told: {frame.Value}.");
            }
        }

        story.Tell(DemoStep.End, $"The client has heard {heard} ticks and leaves.");
        WaitsFor = "the gateway's goodbye";
        await client.LeaveAsync(cancellationToken);
    }

    private async Task<TruthSummary> TruthAsync(SessionView session, CancellationToken cancellationToken)
    {
        if (session.Upstream.SessionId is not { } upstream)
            throw new DemoException($"Session {session.Id} never learned what the provider calls it, so its truth cannot be looked up.");

        WaitsFor = "the provider to close its session";
        while (true)
        {
            var truth = await simulator.GetAsync<TruthSummary>($"control/truth/{Uri.EscapeDataString(upstream)}", cancellationToken);
            if (!truth.Open)
                return truth;
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private async Task<DemoFigures> AuditAsync(SessionView session, TruthSummary truth, CancellationToken cancellationToken)
    {
        var figures = DemoFigures.Of(truth, session);
        story.Tell(DemoStep.Bill, $"The provider's truth: {truth.Ticks} ticks sent, {DemoFigures.Seconds(truth.MaxMilliseconds)} s generated.");
        foreach (var line in BillTeller.Lines(session))
            story.Tell(DemoStep.Bill, line);
        if (money is null || !figures.Agree)
        {
            story.Tell(DemoStep.Bill, BillTeller.Charge(session));
            return figures;
        }

        _isAuditing = true;
        story.Tell(DemoStep.Bill, "The auditor waits until wallets are charged and usage is exported.");
        var read = await money.ReadAsync(session.Id, truth.MaxMilliseconds, cancellationToken);
        foreach (var line in MoneyTeller.Lines(read))
            story.Tell(DemoStep.Bill, line);
        return figures with { Flaw = read.Flaw };
    }

    private sealed record MintedToken(string ApiKey);
}
