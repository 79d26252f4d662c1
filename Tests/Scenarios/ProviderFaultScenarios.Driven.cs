using System.Text;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Faults that take a hand on the provider, or a closer look.</summary>
public partial class ProviderFaultScenarios
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_provider_that_drops_is_lost_and_its_run_ends_at_the_mark()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-drop", Half(3).Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-drop");
        await using var _ = client;
        await client.OfferAsync();
        await client.TicksAsync(3);

        upstream.Drop();
        var farewell = await client.FarewellAsync();

        Assert.Equal(1011, farewell.Code);
        Assert.Equal(
            ["""{"type":"generation_ended","seconds":1.5,"reason":"error"}""", """{"type":"error","error":"Connection to the model was lost"}"""],
            client.All.TakeLast(2).Select(heard => heard.Text));
        await AssertEndedAsync(reseller, client.Session!, "upstream_lost", 1.5m);
    }

    [Fact]
    public async Task A_provider_that_drops_before_it_counts_is_lost_without_a_run()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-drop-early", Script.Begin.SendSessionId().Expect("offer").Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-drop-early");
        await using var _ = client;
        await client.OfferAsync();
        await client.ExpectAsync("answer");

        upstream.Drop();
        var farewell = await client.FarewellAsync();

        Assert.Equal(1011, farewell.Code);
        Assert.DoesNotContain(client.All, heard => heard.Type is "generation_ended");
        await AssertEndedAsync(reseller, client.Session!, "upstream_lost", 0m);
    }

    [Fact]
    public async Task A_counter_that_stands_still_shows_as_stalled_until_it_moves_again()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-pause", Half(1).Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-pause");
        await using var _ = client;
        await client.OfferAsync();
        await client.TicksAsync(1);

        var stalled = await world.PhaseAsync(reseller, client.Session!, "stalled");
        await upstream.TickAsync(1);
        var moving = await world.PhaseAsync(reseller, client.Session!, "generating");
        await client.CloseAsync();

        Assert.Equal((0.5m, JsonValueKind.Null), (stalled.GetProperty("seconds").GetDecimal(), stalled.GetProperty("endedAt").ValueKind));
        Assert.Equal(JsonValueKind.Null, moving.GetProperty("endedAt").ValueKind);
        await AssertEndedAsync(reseller, client.Session!, "client_closed", 1m);
    }

    [Fact]
    public async Task A_provider_that_stalls_for_good_holds_up_nobody_who_leaves()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-stall", Half(2).Stall());
        var (client, _) = await world.OpenAsync(reseller, "test-stall");
        await using var __ = client;
        await client.OfferAsync();
        await client.TicksAsync(2);
        // What is sent now finds nobody who reads.
        await client.SendAsync("""{"type":"prompt","prompt":"more"}""");
        await world.PhaseAsync(reseller, client.Session!, "stalled");

        var farewell = await client.CloseAsync();

        Assert.Equal(1000, farewell.Code);
        await AssertEndedAsync(reseller, client.Session!, "client_closed", 1m);
    }

    [Fact]
    public async Task A_counter_that_outruns_the_clock_is_held_back_and_its_claim_kept()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-ahead", Half(1).Tick(100).GenerationEnded("disconnect", 3600).Close(1000));
        var opened = TimeProvider.System.GetTimestamp();
        await using var client = await world.ConnectAsync(reseller.Key, "test-ahead");
        await client.OfferAsync();

        await client.FarewellAsync();
        var limit = 2 + (decimal)TimeProvider.System.GetElapsedTime(opened).TotalSeconds;

        Assert.Equal("completed", await world.EndOfAsync(reseller, client.Session!));
        var run = (await world.SessionAsync(reseller, client.Session!)).GetProperty("generations")[0];
        Assert.InRange(run.GetProperty("seconds").GetDecimal(), 2m, limit);
        Assert.Equal(3600m, run.GetProperty("claimedSeconds").GetDecimal());
        var anomaly = Assert.Single(await world.TimelineAsync(reseller, client.Session!), happening => happening.GetProperty("kind").GetString() is "meter_anomaly");
        Assert.Equal("ahead_of_clock", anomaly.GetProperty("detail").GetProperty("anomaly").GetString());
        Books.AssertClosed(await Books.OfAsync(world.Database, client.Session!));
    }

    [Fact]
    public async Task Every_odd_frame_reaches_the_client_as_it_was_sent()
    {
        string[] odd =
        [
            """{"type":"generation_tick","seconds":NaN}""", "", "{", "\u0000", """{"type":{"type":"generation_tick"},"seconds":1}""",
            """{"type":"new thing","x":[1e999]}""", new string('[', 10_000), """{"type":"error","error":{"message":"nested"}}""",
            """{"type":"session_id","session_id":42}""", """{"type":"queue_position","position":-1}""",
        ];
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-odd", odd.Aggregate(Script.Begin.HugeFrame(8 * 1024 * 1024), (script, text) => script.Send(text)).Close(3007, "that was all"));

        await using var client = await world.ConnectAsync(reseller.Key, "test-odd");
        var farewell = await client.FarewellAsync();

        Assert.Equal((3007, "that was all"), (farewell.Code, farewell.Reason));
        Assert.Equal(odd, client.All.Skip(1).Select(heard => heard.Text));
        var huge = client.All[0].Bytes;
        Assert.Equal(8 * 1024 * 1024, huge.Length);
        Assert.StartsWith("""{"n":"00000000","type":"sim_huge","padding":"xxx""", Encoding.UTF8.GetString(huge.AsSpan(0, 60)), StringComparison.Ordinal);
        Assert.Equal(-1, huge.AsSpan(60, huge.Length - 62).IndexOfAnyExcept((byte)'x'));
        Assert.Equal("x\"}", Encoding.UTF8.GetString(huge.AsSpan(huge.Length - 3)));
        await AssertEndedAsync(reseller, client.Session!, "upstream_closed", 0m);
    }

    [Fact]
    public async Task A_refused_prompt_is_relayed_and_the_session_goes_on()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-moderated", Half(1).Hold().Refusing("forbidden"));
        var (client, upstream) = await world.OpenAsync(reseller, "test-moderated");
        await using var _ = client;
        await client.OfferAsync();

        await client.SendAsync("""{"type":"prompt","prompt":"something forb\u0069dden \ud83d\ude00","enhance_prompt":true}""");
        var refused = await client.ExpectAsync("prompt_ack");
        await client.SendAsync("""{"type":"prompt","prompt":"a meadow"}""");
        var taken = await client.ExpectAsync("prompt_ack");
        await upstream.TickAsync(1);
        await client.ExpectAsync("generation_tick");
        await client.CloseAsync();

        Assert.Equal("""{"type":"prompt_ack","prompt":"something forb\u0069dden \ud83d\ude00","success":false,"error":"content policy"}""", refused.Text);
        Assert.Equal("""{"type":"prompt_ack","prompt":"a meadow","success":true,"error":null}""", taken.Text);
        await AssertEndedAsync(reseller, client.Session!, "client_closed", 1m);
    }

    [Fact]
    public async Task A_complaint_of_the_provider_stands_on_the_timeline()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-complaint", Script.Begin.Error($"Key {world.Provider.ApiKey} is \u0007 odd").Expect("offer").Close(1000));
        await using var client = await world.ConnectAsync(reseller.Key, "test-complaint");
        await client.ExpectAsync("error");
        await client.OfferAsync();

        await client.FarewellAsync();

        await world.EndOfAsync(reseller, client.Session!);
        var complaint = Assert.Single(await world.TimelineAsync(reseller, client.Session!), happening => happening.GetProperty("kind").GetString() is "provider_complained");
        var words = complaint.GetProperty("detail").GetProperty("message").GetString()!;
        Assert.StartsWith("Key ", words, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Provider.ApiKey, words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_reads_slowly_gets_everything_and_counts_all_the_while()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-slow-reader", Started.SlowRead(1024 * 1024).Ticks(3, Beat, 0.5m, 0.5m).Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-slow-reader");
        await using var _ = client;
        await client.OfferAsync();

        for (var i = 0; i < 16; i++)
            await client.SendAsync(System.Net.WebSockets.WebSocketMessageType.Binary, new byte[64 * 1024]);
        await client.SendAsync("""{"type":"last"}""");
        await client.TicksAsync(3);
        await upstream.ExpectAsync("last", Patience);
        await client.CloseAsync();

        Assert.Equal(18, upstream.ReceivedCount);
        await AssertEndedAsync(reseller, client.Session!, "client_closed", 1.5m);
    }
}
