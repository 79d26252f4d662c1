using System.Net;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Simulator.Providers.LiveStyler;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Clients of LiveStyler's dialect on the real gateway: what passes, what is counted, and how each session ends.</summary>
public partial class LiveStylerScenarios(LiveStylerWorld world) : IClassFixture<LiveStylerWorld>
{
    /// <summary>How far our clock may be from the provider's own.</summary>
    private const long ToleranceMs = 250;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_client_that_names_no_model_is_served_and_metered_from_the_answer_to_the_end()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key);
        var upstream = await world.Provider.NextConnectionAsync("ls-waiting", Patience);

        await client.UntilAnsweredAsync();
        await client.SendAsync(LiveStylerClient.Candidate);
        await upstream.ExpectAsync("candidate");
        await client.ExpectAsync("candidate");
        var session = await world.SessionOfAsync(reseller);
        await world.SeesAsync(reseller, session, "has generated a second", seen => seen.GetProperty("seconds").GetDecimal() >= 1);
        var farewell = await client.CloseAsync();

        Assert.Equal(1000, farewell.Code);
        Assert.Equal(
            [LiveStylerWire.AuthSuccess, LiveStylerWire.NodeStatus("waiting"), LiveStylerWire.Answer, LiveStylerWire.Candidate], client.All.Select(heard => heard.Text));
        Assert.Equal(
            [LiveStylerClient.Credential(world.Provider.ApiKey), LiveStylerClient.Start, LiveStylerClient.Offer, LiveStylerClient.Candidate],
            upstream.Received.Select(frame => frame.Text));
        Assert.Equal("client_closed", await world.EndOfAsync(reseller, session));
        await AssertSpanAsync(session, upstream, least: 1_000);
    }

    [Fact]
    public async Task Every_message_of_the_page_passes_byte_for_byte_in_both_directions()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play(LiveStylerWorld.ByHand, LiveStylerScripts.Begin.Echo());
        await using var client = await world.EnterAsync(reseller.Key, LiveStylerWorld.ByHand);
        await client.ExpectAsync("auth_success");
        string[] messages =
        [
            LiveStylerClient.Start, LiveStylerClient.Offer, LiveStylerClient.Candidate, LiveStylerClient.OlderOffer, LiveStylerClient.OlderCandidate,
            LiveStylerWire.NodeStatus("pending"), LiveStylerWire.NodeStatus("full"), LiveStylerWire.NodeStatus("waiting"), LiveStylerWire.Provisioning,
            LiveStylerWire.Answer, LiveStylerWire.OlderAnswer, LiveStylerWire.OlderCandidate, LiveStylerWire.PoolFull, LiveStylerWire.NoStart,
            """{"type":"change_model","model":"romantic"}""", """ { "status" : "waiting", "type" : "node_status" } """, """{"type":"x"}{""", "plain words", "",
        ];

        foreach (var message in messages)
        {
            await client.SendAsync(message);
            Assert.Equal(message, (await client.NextAsync()).Text);
        }
    }

    [Theory]
    [InlineData("ls-pending", "pending", "waiting")]
    [InlineData("ls-full", "full")]
    public async Task What_the_provider_says_of_its_node_is_relayed_and_recorded(string model, params string[] words)
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key, model);
        await client.ExpectAsync("auth_success");
        var session = await world.SessionOfAsync(reseller);

        await client.SendAsync(LiveStylerClient.Start);

        foreach (var word in words)
        {
            Assert.Equal(LiveStylerWire.NodeStatus(word), (await client.NextAsync()).Text);
            await world.SeesAsync(reseller, session, $"has a node that is {word}", seen => seen.GetProperty("nodeStatus").GetString() == word);
        }

        await client.CloseAsync();
        Assert.Equal("client_closed", await world.EndOfAsync(reseller, session));
        Assert.Equal(0, (await Books.OfAsync(world.Database, session)).MarkMs);
    }

    [Fact]
    public async Task Until_a_server_has_started_nothing_is_metered()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key, "ls-provisioning");
        var upstream = await world.Provider.NextConnectionAsync("ls-provisioning", Patience);

        await client.UntilAnsweredAsync();
        var session = await world.SessionOfAsync(reseller);
        await client.CloseAsync();

        Assert.Contains(LiveStylerWire.Provisioning, client.All.Select(heard => heard.Text));
        await world.EndOfAsync(reseller, session);
        await AssertSpanAsync(session, upstream, least: 0);
        Assert.Equal(
            ["waiting", "pending"],
            (await world.TimelineAsync(reseller, session)).Where(happened => happened.GetProperty("kind").GetString() == "node_reported")
                .Select(happened => happened.GetProperty("detail").GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("ls-no-node", LiveStylerWire.PoolFull, "Maximum pool size reached. Cannot assign a new node.")]
    [InlineData("ls-no-start", LiveStylerWire.NoStart, "Failed to start a stopped node.")]
    public async Task An_error_of_the_pool_passes_as_it_is_and_says_that_the_node_is_full(string model, string frame, string words)
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key, model);
        await client.ExpectAsync("auth_success");
        await client.SendAsync(LiveStylerClient.Start);
        await client.ExpectAsync("node_status");
        var session = await world.SessionOfAsync(reseller);

        await client.SendAsync(LiveStylerClient.Offer);

        Assert.Equal(frame, (await client.NextAsync()).Text);
        await world.SeesAsync(reseller, session, "has a node that is full", seen => seen.GetProperty("nodeStatus").GetString() == "full");
        var complaint = (await world.TimelineAsync(reseller, session)).Single(happened => happened.GetProperty("kind").GetString() == "provider_complained");
        Assert.Equal(words, complaint.GetProperty("detail").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Types_that_nobody_knows_pass()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key, "ls-unknown-types");

        await client.ExpectAsync("auth_success");
        await client.SendAsync(LiveStylerClient.Start);
        await client.ExpectAsync("sim_unknown");
        await client.SendAsync(LiveStylerClient.Offer);
        await client.ExpectAsync("answer");
        await client.ExpectAsync("sim_unknown");
    }

    [Fact]
    public async Task The_version_of_July_2025_shows_on_its_session()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key, "ls-2025-07");
        await client.ExpectAsync("auth_success");

        await client.SendAsync(LiveStylerClient.OlderOffer);

        Assert.Equal(LiveStylerWire.OlderAnswer, (await client.ExpectAsync("answer")).Text);
        Assert.Equal(LiveStylerWire.OlderCandidate, (await client.ExpectAsync("ice_candidate")).Text);
        await world.SeesAsync(
            reseller, await world.SessionOfAsync(reseller), "is metered and speaks as of July",
            seen => seen.GetProperty("dialect").GetString() == "livestyler-2025-07" && seen.GetProperty("phase").GetString() == "generating");
    }

    [Theory]
    [InlineData("ls-hang-up", 1000, "completed")]
    [InlineData("ls-drop", 1011, "upstream_lost")]
    public async Task A_provider_that_leaves_ends_session_and_count(string model, int code, string end)
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key, model);
        var upstream = await world.Provider.NextConnectionAsync(model, Patience);
        await client.UntilAnsweredAsync();

        var farewell = await client.FarewellAsync();

        Assert.Equal(code, farewell.Code);
        var session = await world.SessionOfAsync(reseller);
        Assert.Equal(end, await world.EndOfAsync(reseller, session));
        await AssertSpanAsync(session, upstream, least: 800);
    }

    [Fact]
    public async Task A_client_that_vanishes_ends_session_and_count()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key);
        var upstream = await world.Provider.NextConnectionAsync("ls-waiting", Patience);
        await client.UntilAnsweredAsync();
        var session = await world.SessionOfAsync(reseller);
        await world.SeesAsync(reseller, session, "has generated something", seen => seen.GetProperty("seconds").GetDecimal() > 0);

        client.Vanish();

        Assert.Equal("client_lost", await world.EndOfAsync(reseller, session));
        await AssertSpanAsync(session, upstream, least: 1);
    }

    [Fact]
    public async Task Whoever_deletes_the_session_ends_it_with_the_provider_too()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key);
        var upstream = await world.Provider.NextConnectionAsync("ls-waiting", Patience);
        await client.UntilAnsweredAsync();
        var session = await world.SessionOfAsync(reseller);

        using var http = world.Http(reseller.Key);
        using var deleted = await http.DeleteAsync($"/v1/sessions/{session}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(4002, (await client.FarewellAsync()).Code);
        Assert.Equal(1000, (await upstream.ExpectCloseAsync(Patience)).Code);
        Assert.Equal("ended_by_tenant", await world.EndOfAsync(reseller, session));
        await AssertSpanAsync(session, upstream, least: 0);
    }

    [Fact]
    public async Task A_provider_that_does_not_take_our_key_has_refused_the_session()
    {
        var reseller = await world.NewTenantAsync();

        await using var client = await world.EnterAsync(reseller.Key, LiveStylerWorld.BadKey);
        var farewell = await client.FarewellAsync();

        Assert.Equal((4108, "Server unavailable, please try again later"), (farewell.Code, farewell.Reason));
        Assert.Equal("provider_refused", await world.EndOfAsync(reseller, await world.SessionOfAsync(reseller)));
        Assert.Equal(["error"], client.All.Select(heard => heard.Type));
    }

    [Fact]
    public async Task A_provider_that_never_says_whether_it_takes_our_key_is_unavailable()
    {
        var reseller = await world.NewTenantAsync();

        await using var client = await world.EnterAsync(reseller.Key, "ls-mute");

        Assert.Equal(4102, (await client.FarewellAsync()).Code);
        Assert.Equal("upstream_unavailable", await world.EndOfAsync(reseller, await world.SessionOfAsync(reseller)));
    }

    [Fact]
    public async Task Another_credential_goes_nowhere_and_the_session_goes_on()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.EnterAsync(reseller.Key);
        var upstream = await world.Provider.NextConnectionAsync("ls-waiting", Patience);
        await client.ExpectAsync("auth_success");

        await client.SendAsync(LiveStylerClient.Credential(reseller.Key));
        var answer = await client.NextAsync();
        await client.SendAsync(LiveStylerClient.Start);
        await client.ExpectAsync("node_status");

        Assert.Equal("""{"type":"error","message":"The connection is authenticated already","error":"The connection is authenticated already"}""", answer.Text);
        Assert.Equal(["CREDENTIAL", "session_start"], upstream.Received.Select(frame => frame.Name));
        Assert.DoesNotContain(reseller.Key, string.Concat(upstream.Received.Select(frame => frame.Text)), StringComparison.Ordinal);
    }

    /// <summary>The books are closed, all three figures agree, and our clock ran as long as the provider was used.</summary>
    private async Task AssertSpanAsync(string session, ProviderConnection upstream, long least)
    {
        await upstream.ExpectCloseAsync(Patience);
        var book = await Books.OfAsync(world.Database, session);
        Books.AssertClosed(book);
        var span = upstream.Truth.SpanMilliseconds ?? throw new InvalidOperationException("The provider never answered.");
        Assert.True(Math.Abs(span - book.MarkMs) <= ToleranceMs, $"The provider was used for {span} ms, and {book.MarkMs} ms are in the ledger.");
        Assert.True(book.MarkMs >= least, $"Only {book.MarkMs} ms were counted.");
    }
}

/// <inheritdoc cref="LiveStylerScenarios"/>
[Trait("Category", "Slow")]
public class LinkedLiveStylerScenarios(LinkedLiveStylerWorld world) : LiveStylerScenarios(world), IClassFixture<LinkedLiveStylerWorld>;
