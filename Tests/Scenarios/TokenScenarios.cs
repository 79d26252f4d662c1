using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;
using static Orchestrator.Tests.Storage.BuildTokens;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Two responses of one session through a tree of two: prices, wallets, usage, invoice and the charge answer agree at both levels.</summary>
public class TokenScenarios(TokenScenarios.Tree tree) : IClassFixture<TokenScenarios.Tree>
{
    private const long RootPays = 6_965 + 4_000;
    private const long LeafPays = 2 * RootPays + 1;

    /// <summary>A root that pays the provider's usual prices, a customer that pays twice as much; a session of one second and two responses.</summary>
    public sealed class Tree : AccessWorld
    {
        public Reseller Root { get; private set; } = null!;

        public Reseller Leaf { get; private set; } = null!;

        public string Session { get; private set; } = null!;

        public override async Task InitializeAsync()
        {
            await base.InitializeAsync();
            Root = await NewTenantAsync();
            Leaf = await NewTenantAsync(Root.Id);
            await Admin.SetPriceAsync(Root.Id, model: null, new Price(0, Rounding.Default));
            await Admin.SetPriceAsync(Leaf.Id, model: null, new Price(0, Rounding.Default));
            await Database.PriceTokensAsync(Root.Id);
            using (var http = Http(Root.Key))
            {
                var price = new
                {
                    textIn = 8_000_000, audioIn = 64_000_000, imageIn = 10_000_000, cachedTextIn = 800_000, cachedAudioIn = 800_000, textOut = 32_000_000,
                    audioOut = 128_000_000,
                };
                using var answer = await http.PostAsJsonAsync($"/v1/tenants/{Leaf.Id}/token-prices", price);
                Assert.Equal(201, (int)answer.StatusCode);
            }

            await new TokenPriceBook(Database.Database).SetCostAsync("simulator", model: null, "USD", new TokenPrice(1_000_000, 0, 0, 0, 0, 0, 0, 0, 0), from: null, "a test");
            await Database.AddWalletAsync(Leaf.Id, 1_000_000);

            Provider.Play("test-tokens", Script.Begin.SendSessionId().GenerationStarted().Ticks(2, TimeSpan.FromMilliseconds(300), from: 0.5m, step: 0.5m)
                .GenerationEnded("disconnect").Close(1000, "bye"));
            await using var client = await ConnectAsync(Leaf.Key, "test-tokens", NewAddress());
            await client.FarewellAsync();
            await EndOfAsync(Leaf, client.Session!);
            Session = client.Session!;
            await RecordAsync();
        }

        /// <summary>As a process does that is gone before it has charged them: any other finds what is owed, and the gateway is one.</summary>
        private async Task RecordAsync()
        {
            var session = new SessionOwnership(SessionId.Parse(Session, CultureInfo.InvariantCulture), Root.Id);
            var odd = TokenRule.Read(new TokenReport(
                "resp_2", TokenSource.Response, new TokenParts(Total: null, 1_000, null, null), new TokenParts(0, 0, 0, 0), new TokenParts(0, 0, 0, null)));
            await Database.JournalAsync(
                process: 0, Used(session, "resp_1", 55, 13, 0, 64, 0, 0, 30, 91), new TokensUsed(session, TimeProvider.System.GetUtcNow(), Model: null, odd));
            await Eventually.IsAsync("the wallet is charged for the tokens", async () => (await new WalletStore(Database.Database).FindAsync(Leaf.Id))!.Balance.Settled > 0);
        }
    }

    [Fact]
    public async Task A_price_is_seen_by_who_pays_it_and_by_those_above_and_a_cached_kind_left_out_costs_as_the_other()
    {
        var own = (await AskAsync(tree.Leaf, $"/v1/tenants/{tree.Leaf.Id}/token-prices")).GetProperty("items")[0];
        var above = (await AskAsync(tree.Root, $"/v1/tenants/{tree.Leaf.Id}/token-prices")).GetProperty("items")[0];

        Assert.Equal(own.ToString(), above.ToString());
        Assert.Equal(("running", "million"), (own.GetProperty("state").GetString(), own.GetProperty("unit").GetString()));
        Assert.Equal(
            (8_000_000m, 800_000m, 10_000_000m, 10_000_000m, 0m),
            (Micros("textIn"), Micros("cachedTextIn"), Micros("imageIn"), Micros("cachedImageIn"), Micros("transcribedMs")));

        decimal Micros(string kind) => own.GetProperty("micros").GetProperty(kind).GetDecimal();
    }

    [Fact]
    public async Task The_wallet_was_charged_once_by_a_process_that_did_not_record_it()
    {
        var wallet = await new WalletStore(tree.Database.Database).FindAsync(tree.Leaf.Id);

        Assert.Equal(LeafPays, wallet!.Balance.Settled);
        await tree.Database.AssertTokensInOrderAsync();
    }

    [Fact]
    public async Task The_charge_answer_tells_each_response_what_was_odd_and_what_each_level_owes()
    {
        var (roots, leafs) = (await AskAsync(tree.Root, $"/v1/sessions/{tree.Session}/charge"), await AskAsync(tree.Leaf, $"/v1/sessions/{tree.Session}/charge"));

        var meter = Assert.Single(roots.GetProperty("tokens").EnumerateArray());
        Assert.Equal(("test-tokens", 1_055, 64, 91), (
            meter.GetProperty("model").GetString(), Count(meter, "textIn"), Count(meter, "cachedTextIn"), Count(meter, "audioOut")));
        Assert.Equal([(tree.Root.Id.ToString(), RootPays), (tree.Leaf.Id.ToString(), LeafPays)], meter.GetProperty("levels").EnumerateArray().Select(AmountOf));
        Assert.Equal([JsonValueKind.Null, JsonValueKind.Object], meter.GetProperty("levels").EnumerateArray().Select(level => level.GetProperty("settledFromWallet").ValueKind));
        Assert.Equal([(tree.Root.Id.ToString(), RootPays), (tree.Leaf.Id.ToString(), LeafPays)], roots.GetProperty("totals").EnumerateArray().Select(
            total => (total.GetProperty("tenant").GetString()!, total.GetProperty("amount").GetProperty("micros").GetInt64())));
        var responses = leafs.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal(["resp_1", "resp_2"], responses.Select(response => response.GetProperty("id").GetString()));
        Assert.Equal(JsonValueKind.Null, responses[1].GetProperty("counts").GetProperty("audioIn").ValueKind);
        Assert.Equal(["missing"], responses[1].GetProperty("anomalies").EnumerateArray().Select(anomaly => anomaly.GetString()));
        Assert.Equal(LeafPays, responses.Sum(response => Assert.Single(response.GetProperty("charges").EnumerateArray()).GetProperty("micros").GetInt64()));
        Assert.Equal((1, JsonValueKind.Null), (leafs.GetProperty("tokens")[0].GetProperty("levels").GetArrayLength(), leafs.GetProperty("nextResponse").ValueKind));

        static long Count(JsonElement meter, string kind) => meter.GetProperty("counts").GetProperty(kind).GetInt64();
        static (string, long) AmountOf(JsonElement level) => (level.GetProperty("tenant").GetString()!, level.GetProperty("charge").GetProperty("micros").GetInt64());
    }

    [Fact]
    public async Task Responses_come_in_pages()
    {
        var first = await AskAsync(tree.Leaf, $"/v1/sessions/{tree.Session}/charge?limit=1");
        var second = await AskAsync(tree.Leaf, $"/v1/sessions/{tree.Session}/charge?limit=1&afterResponse={first.GetProperty("nextResponse").GetString()}");

        Assert.Equal(("resp_1", "resp_2"), (Only(first), Only(second)));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("nextResponse").ValueKind);

        static string? Only(JsonElement page) => Assert.Single(page.GetProperty("responses").EnumerateArray()).GetProperty("id").GetString();
    }

    [Fact]
    public async Task Usage_counts_tokens_beside_seconds_and_charges_both_together()
    {
        var root = (await AskAsync(tree.Root, "/v1/usage")).GetProperty("total");
        var rows = (await AskAsync(tree.Leaf, "/v1/usage?group_by=model,session")).GetProperty("rows");

        var row = Assert.Single(rows.EnumerateArray());
        Assert.Equal(("test-tokens", tree.Session), (row.GetProperty("model").GetString(), row.GetProperty("session").GetString()));
        foreach (var amounts in new[] { root, row.GetProperty("amounts") })
        {
            Assert.Equal((1.0m, 1_132, 64, 121), (
                amounts.GetProperty("seconds").GetDecimal(), amounts.GetProperty("inputTokens").GetInt64(), amounts.GetProperty("cachedTokens").GetInt64(),
                amounts.GetProperty("outputTokens").GetInt64()));
        }

        Assert.Equal((RootPays, LeafPays), (MicrosOf(root, "charge"), MicrosOf(root, "income")));
        Assert.Equal(LeafPays, MicrosOf(row.GetProperty("amounts"), "charge"));
    }

    [Fact]
    public async Task An_invoice_has_a_line_for_the_tokens_of_each_model_and_price()
    {
        var invoice = await AskAsync(tree.Root, $"/v1/invoices/preview?tenant={tree.Leaf.Id}");

        var line = Assert.Single(invoice.GetProperty("tokenLines").EnumerateArray());
        Assert.Equal((LeafPays, 20_000, 2), (MicrosOf(line, "exact"), MicrosOf(line, "amount"), line.GetProperty("responses").GetInt32()));
        Assert.Equal((LeafPays, 20_000), (MicrosOf(invoice, "exact"), MicrosOf(invoice, "total")));
        var platform = await new InvoiceStore(tree.Database.Database).PlatformAsync(tree.Root.Id, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        Assert.Equal((RootPays, 1_055, 0), (platform.IncomeMicros, platform.CostMicros, platform.UncostedResponses));
        var cost = await new SessionMarginStore(tree.Database.Database).CostAsync(SessionId.Parse(tree.Session, CultureInfo.InvariantCulture));
        Assert.Equal(1_055, cost.Micros);
    }

    private static long MicrosOf(JsonElement of, string name) => of.GetProperty(name).GetProperty("micros").GetInt64();

    private async Task<JsonElement> AskAsync(Reseller who, string path)
    {
        using var http = tree.Http(who.Key);
        return JsonElement.Parse(await http.GetByteArrayAsync(path));
    }
}
