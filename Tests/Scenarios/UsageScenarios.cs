using System.Globalization;
using System.Net;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Tests.Scenarios;

/// <summary>One session through a tree of three: usage, invoice and the charge answer agree at every level, to the micro-unit.</summary>
public class UsageScenarios(UsageScenarios.Tree tree) : IClassFixture<UsageScenarios.Tree>
{
    /// <summary>A root that pays 1.0005 cents, a reseller 30-second steps at 1 cent, a customer 2 cents a whole second; two sessions of 1.5 s and 2.5 s.</summary>
    public sealed class Tree : AccessWorld
    {
        public Reseller Root { get; private set; } = null!;

        public Reseller Middle { get; private set; } = null!;

        public Reseller Leaf { get; private set; } = null!;

        public IReadOnlyList<string> Sessions { get; private set; } = [];

        public override async Task InitializeAsync()
        {
            await base.InitializeAsync();
            Root = await NewTenantAsync();
            Middle = await NewTenantAsync(Root.Id);
            Leaf = await NewTenantAsync(Middle.Id);
            await Admin.SetPriceAsync(Root.Id, model: null, new Price(10_005m, Rounding.Default));
            await Admin.SetPriceAsync(Middle.Id, model: null, new Price(10_000m, new Rounding(StepSeconds: 30)));
            await new CostBook(Database.Database).SetAsync("simulator", model: null, "USD", new Price(4_000m, Rounding.Default), from: null, "a test");
            Sessions = [await PlayAsync("test-usage-a", 3, "=cmd|'x'!A1"), await PlayAsync("test-usage-b", 5, "ann")];
        }

        private async Task<string> PlayAsync(string model, int ticks, string user)
        {
            Provider.Play(model, Script.Begin.SendSessionId().GenerationStarted().Ticks(ticks, TimeSpan.FromMilliseconds(300), from: 0.5m, step: 0.5m)
                .GenerationEnded("disconnect").Close(1000, "bye"));
            var token = await MintAsync(Leaf.Key, new { metadata = new { user_id = user } });
            await using var client = await ConnectAsync(token, model, NewAddress());
            await client.FarewellAsync();
            await EndOfAsync(Leaf, client.Session!);
            return client.Session!;
        }
    }

    public static TheoryData<string, long, long, long> Levels => new()
    {
        // who     billed  charge     income of the level right below
        { "root",   2 + 3, 5 * 10_005, 60 * 10_000 },
        { "middle", 60,    600_000,    5 * 20_000 },
        { "leaf",   5,     100_000,    0 },
    };

    [Theory, MemberData(nameof(Levels))]
    public async Task Each_level_sees_its_own_charge_what_is_paid_to_it_and_its_margin(string who, long billed, long charge, long income)
    {
        var usage = await AskAsync(who, "/v1/usage");

        AssertAmounts(usage.GetProperty("total"), 4.0m, billed, charge, income);
        Assert.Equal(0, usage.GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task Groups_add_up_and_pages_hold_each_group_once()
    {
        var today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var whole = await AskAsync("root", "/v1/usage?group_by=tenant,end_user,model,day,session");
        var rows = whole.GetProperty("rows").EnumerateArray().ToList();
        var first = await AskAsync("root", "/v1/usage?group_by=tenant,end_user,model,day,session&limit=1");
        var second = await AskAsync("root", $"/v1/usage?group_by=tenant,end_user,model,day,session&limit=1&after={first.GetProperty("next").GetString()}");

        Assert.Equal(["=cmd|'x'!A1", "ann"], rows.Select(row => row.GetProperty("endUser").GetString()));
        Assert.Equal(tree.Sessions, rows.Select(row => row.GetProperty("session").GetString()));
        Assert.All(rows, row => Assert.Equal((tree.Leaf.Id.ToString(), today), (row.GetProperty("tenant").GetString(), row.GetProperty("day").GetString())));
        Assert.Equal(50_025, rows.Sum(row => row.GetProperty("amounts").GetProperty("charge").GetProperty("micros").GetInt64()));
        Assert.Equal(
            rows.ConvertAll(row => row.ToString()),
            first.GetProperty("rows").EnumerateArray().Concat(second.GetProperty("rows").EnumerateArray()).Select(row => row.ToString()));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (second.GetProperty("next").ValueKind, second.GetProperty("total").ValueKind));
        Assert.Equal("0.04 USD", (await AskAsync("leaf", "/v1/usage?group_by=model&limit=1")).GetProperty("rows")[0]
            .GetProperty("amounts").GetProperty("charge").GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_tenant_that_asks_of_one_below_sees_its_own_amounts_for_that_part()
    {
        var part = await AskAsync("root", $"/v1/usage?tenant={tree.Leaf.Id}");
        var none = await AskAsync("root", "/v1/usage?from=2025-01-01&to=2025-02-01&group_by=day");

        AssertAmounts(part.GetProperty("total"), 4.0m, 5, 50_025, 600_000);
        AssertAmounts(none.GetProperty("total"), 0, 0, 0, 0);
    }

    [Fact]
    public async Task The_table_runs_no_formula_of_a_stranger()
    {
        using var http = tree.Http(tree.Middle.Key);
        http.DefaultRequestHeaders.Add("Accept", "text/csv");
        using var answer = await http.GetAsync("/v1/usage?group_by=end_user&limit=1");
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("end_user,seconds,billed_seconds,charge_micros,charge,income_micros,income,margin_micros,margin,currency,input_tokens,cached_tokens,output_tokens", lines[0]);
        Assert.Equal("\"'=cmd|'x'!A1\",1.5,30,300000,0.3,40000,0.04,-260000,-0.26,USD,0,0,0", lines[1]);
        Assert.Equal("", Assert.Single(lines[2..]));
        var next = answer.Headers.GetValues("Link").Single().Split('>')[0][1..];
        Assert.StartsWith("ann,2.5,30,", (await http.GetStringAsync(next)).Split("\r\n")[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invoice_has_a_line_for_each_model_and_price_rounded_once()
    {
        var own = await AskAsync("root", "/v1/invoices/preview");
        var below = await AskAsync("root", $"/v1/invoices/preview?tenant={tree.Leaf.Id}");
        using var http = tree.Http(tree.Leaf.Key);
        using var wrong = await http.GetAsync("/v1/invoices/preview?month=13");

        Assert.Equal(
            [("test-usage-a", 2, 20_000, 20_010), ("test-usage-b", 3, 30_000, 30_015)],
            own.GetProperty("lines").EnumerateArray().Select(line => (
                line.GetProperty("model").GetString()!, line.GetProperty("seconds").GetInt32(), line.GetProperty("amount").GetProperty("micros").GetInt32(),
                line.GetProperty("exact").GetProperty("micros").GetInt32())));
        Assert.Equal((50_000, 50_025), (own.GetProperty("total").GetProperty("micros").GetInt64(), own.GetProperty("exact").GetProperty("micros").GetInt64()));
        Assert.Equal((100_000, 549_975), (
            below.GetProperty("total").GetProperty("micros").GetInt64(), below.GetProperty("margin").GetProperty("margin").GetProperty("micros").GetInt64()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.DoesNotContain("cost", own.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_charge_answer_tells_spans_runs_prices_and_the_ledger_of_the_levels_one_sees()
    {
        var session = tree.Sessions[0];
        var roots = await AskAsync("root", $"/v1/sessions/{session}/charge");
        var leafs = await AskAsync("leaf", $"/v1/sessions/{session}/charge");

        var run = Assert.Single(roots.GetProperty("runs").EnumerateArray());
        Assert.Equal(1.5m, run.GetProperty("recordedSeconds").GetDecimal());
        Assert.Equal([tree.Root.Id.ToString(), tree.Middle.Id.ToString(), tree.Leaf.Id.ToString()], TenantsOf(run.GetProperty("levels")));
        Assert.Equal([20_010, 300_000, 40_000], run.GetProperty("levels").EnumerateArray().Select(level => level.GetProperty("charge").GetProperty("micros").GetInt64()));
        Assert.Equal([20_010, 300_000, 40_000], roots.GetProperty("totals").EnumerateArray().Select(level => level.GetProperty("amount").GetProperty("micros").GetInt64()));
        Assert.Equal([tree.Leaf.Id.ToString()], TenantsOf(leafs.GetProperty("totals")));
        Assert.Equal(
            "1.500 s generated, 2 s billed, 2 x 0.02 USD = 0.04 USD",
            leafs.GetProperty("runs")[0].GetProperty("levels")[0].GetProperty("text").GetString());
        var charges = leafs.GetProperty("ranges").EnumerateArray().Select(range => Assert.Single(range.GetProperty("charges").EnumerateArray()));
        Assert.Equal(40_000, charges.Sum(charge => charge.GetProperty("micros").GetInt64()));
        Assert.Equal(["opening", "connecting"], leafs.GetProperty("spans").EnumerateArray().Select(span => span.GetProperty("phase").GetString()).Take(2));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (leafs.GetProperty("hold").ValueKind, leafs.GetProperty("next").ValueKind));
    }

    [Fact]
    public async Task The_operator_sees_what_each_level_pays_for_a_session_and_what_it_costs_the_platform()
    {
        var store = new SessionMarginStore(tree.Database.Database);
        var session = SessionId.Parse(tree.Sessions[0], provider: null);

        var (levels, cost) = (await store.LevelsAsync(session), await store.CostAsync(session));

        Assert.Equal(
            [(tree.Root.Id, 2, 20_010), (tree.Middle.Id, 30, 300_000), (tree.Leaf.Id, 2, 40_000)],
            levels.Select(level => (level.Tenant, level.Seconds, level.Micros)));
        Assert.Equal(new SessionCost(Seconds: 2, Micros: 8_000, RecordedMs: 1_500, UncostedMs: 0), cost);
    }

    [Fact]
    public async Task The_charge_answer_tells_which_batches_went_to_targets_that_one_sees_and_what_became_of_them()
    {
        await tree.Database.ExecuteAsync("""
            WITH lane AS (
              INSERT INTO export_lane (kind, account, event_name, customer) VALUES ('file', 'an account', 'seconds', 'a customer') RETURNING id
            ), target AS (
              INSERT INTO export_target (id, tenant_id, lane_id, exported_before) SELECT gen_random_uuid(), $1, lane.id, '0' FROM lane RETURNING id, lane_id
            ), event AS (
              INSERT INTO export_event (id, target_id, lane_id, identifier, value, at, covers_from, covers_to, body, body_sha256, state, sent_at)
              SELECT gen_random_uuid(), id, lane_id, 'batch-1', 30, now(), now(), now(), '', sha256(''), 'sent', now() FROM target RETURNING id, target_id
            )
            INSERT INTO export_item (ledger_id, target_id, export_event_id, seconds)
            SELECT c.ledger_id, event.target_id, event.id, c.seconds FROM event, ledger_charge c JOIN generation g ON g.id = c.generation_id
            WHERE g.session_id = $2 AND c.payer_id = $1
            """, tree.Middle.Id.Value, Guid.Parse(tree.Sessions[1]));

        var (roots, leafs) = (await AskAsync("root", $"/v1/sessions/{tree.Sessions[1]}/charge"), await AskAsync("leaf", $"/v1/sessions/{tree.Sessions[1]}/charge"));

        var batch = Assert.Single(roots.GetProperty("exports").EnumerateArray());
        Assert.Equal(
            (tree.Middle.Id.ToString(), "file", "batch-1", "sent", 30),
            (batch.GetProperty("tenant").GetString(), batch.GetProperty("sink").GetString(), batch.GetProperty("identifier").GetString(), batch.GetProperty("state").GetString(),
             batch.GetProperty("value").GetInt32()));
        Assert.Equal(0, leafs.GetProperty("exports").GetArrayLength());
    }

    private static IEnumerable<string?> TenantsOf(JsonElement levels) => levels.EnumerateArray().Select(level => level.GetProperty("tenant").GetString());

    private static void AssertAmounts(JsonElement amounts, decimal seconds, long billed, long charge, long income)
    {
        Assert.Equal((seconds, billed, charge, income, income - charge), (
            amounts.GetProperty("seconds").GetDecimal(), amounts.GetProperty("billedSeconds").GetInt64(), amounts.GetProperty("charge").GetProperty("micros").GetInt64(),
            amounts.GetProperty("income").GetProperty("micros").GetInt64(), amounts.GetProperty("margin").GetProperty("micros").GetInt64()));
    }

    private async Task<JsonElement> AskAsync(string who, string path)
    {
        using var http = tree.Http((who switch { "root" => tree.Root, "middle" => tree.Middle, _ => tree.Leaf }).Key);
        return JsonElement.Parse(await http.GetByteArrayAsync(path));
    }
}
