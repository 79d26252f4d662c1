using System.Net.Http.Json;
using System.Net.WebSockets;
using Orchestrator.Domain.Tenants;
using Orchestrator.Simulator.Providers.LiveStyler;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Clients that are not known yet: how much they may say, for how long, and how many of them; and that nothing is begun for them.</summary>
public class LiveStylerDoorScenarios(LiveStylerWorld world) : IClassFixture<LiveStylerWorld>
{
    private static readonly string[] OnlyFull = ["ls-full"];
    private static readonly string[] Shops = ["https://shop.example"];

    /// <summary>As the original: no frame, no words. The code is ours.</summary>
    private static readonly Support.Farewell Silence = new(1008, "");

    public static TheoryData<string> NoCredentials =>
    [
        LiveStylerClient.Credential("ork_" + new string('n', 43)),
        LiveStylerClient.Credential("ek_" + new string('n', 200)),
        LiveStylerClient.Credential("x"),
        """{"type":"CREDENTIAL"}""",
        """{"type":"CREDENTIAL","payload":{"credential":null}}""",
        """{"type":"session_start"}""",
        """{"type":"offer","sdp":"v=0"}""",
        "not json",
        "",
    ];

    [Theory, MemberData(nameof(NoCredentials))]
    public async Task Who_names_no_credential_of_ours_is_closed_without_a_word(string first)
    {
        var before = await CountAsync();
        await using var client = await world.KnockAsync();

        await client.SendAsync(first);

        await AssertSilenceAsync(client);
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task A_first_frame_that_is_no_text_is_closed_without_a_word()
    {
        await using var client = await world.KnockAsync();

        await client.SendAsync(WebSocketMessageType.Binary, System.Text.Encoding.UTF8.GetBytes(LiveStylerClient.Credential(world.Someone.Key)));

        await AssertSilenceAsync(client);
    }

    [Fact]
    public async Task A_key_that_was_revoked_and_a_token_that_is_past_its_time_are_closed_without_a_word()
    {
        var gone = await world.NewTenantAsync();
        await world.Admin.RevokeKeyAsync(gone.KeyId);
        await world.UntilRefusedAsync(gone.Key);
        var past = world.Forge(new Credential.ClientToken(world.Someone.KeyId, TimeProvider.System.GetUtcNow().AddSeconds(-1), Models: null, Origins: null,
            MaxSessionDuration: null, Metadata: null));

        foreach (var credential in new[] { gone.Key, past })
        {
            await using var client = await world.EnterAsync(credential);
            await AssertSilenceAsync(client);
        }
    }

    [Fact]
    public async Task Who_is_known_and_may_not_is_told_why()
    {
        var suspended = await world.NewTenantAsync();
        await world.Admin.SuspendAsync(suspended.Id, suspended: true);
        await world.UntilRefusedAsync(suspended.Key);
        (string Credential, string? Model, int Code, string Words)[] refused =
        [
            (suspended.Key, null, 4405, "Permission denied: account suspended"),
            (world.Someone.Key, "no-such-model", 4404, "Model not allowed"),
            (await world.MintAsync(world.Someone.Key, new { allowedModels = OnlyFull }), null, 4404, "Model not allowed"),
            (await world.MintAsync(world.Someone.Key, new { allowedOrigins = Shops }), null, 4403, "Origin not allowed"),
        ];

        foreach (var (credential, model, code, words) in refused)
        {
            await using var client = await world.EnterAsync(credential, model);
            var farewell = await client.FarewellAsync();

            Assert.Equal((code, words), (farewell.Code, farewell.Reason));
            Assert.Equal($$"""{"type":"error","message":"{{words}}","error":"{{words}}"}""", Assert.Single(client.All).Text);
        }
    }

    [Fact]
    public async Task Who_is_known_is_told_in_its_tenants_own_words()
    {
        var tenant = await world.NewTenantAsync();
        using (var http = world.Http(tenant.Key))
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/tenants/{tenant.Id}/settings")
            {
                Content = JsonContent.Create(new { errorTexts = new { model_not_allowed = "Kein Zutritt: not allowed" } }),
            };
            request.Headers.TryAddWithoutValidation("If-Match", "\"none\"");
            using var set = await http.SendAsync(request);
            Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync());
        }

        await using var client = await world.EnterAsync(tenant.Key, "no-such-model");
        var farewell = await client.FarewellAsync();

        Assert.Equal((4404, "Kein Zutritt: not allowed"), (farewell.Code, farewell.Reason));
        Assert.Equal("""{"type":"error","message":"Kein Zutritt: not allowed","error":"Kein Zutritt: not allowed"}""", Assert.Single(client.All).Text);
        // Where the original says nothing, nobody's words are said.
        var past = world.Forge(new Credential.ClientToken(tenant.KeyId, TimeProvider.System.GetUtcNow().AddSeconds(-1), Models: null, Origins: null,
            MaxSessionDuration: null, Metadata: null));
        await using var expired = await world.EnterAsync(past);
        await AssertSilenceAsync(expired);
    }

    [Fact]
    public async Task A_token_enters_where_its_model_is_meant_or_named()
    {
        var token = await world.MintAsync(world.Someone.Key, new { allowedModels = OnlyFull });
        var any = await world.MintAsync(world.Someone.Key);

        foreach (var (credential, model) in new[] { (token, "ls-full"), (any, null) })
        {
            await using var client = await world.EnterAsync(credential, model);
            Assert.Equal(LiveStylerWire.AuthSuccess, (await client.NextAsync()).Text);
        }
    }

    [Fact]
    public async Task Who_says_nothing_is_closed_in_time()
    {
        var before = await CountAsync();
        await using var client = await world.KnockAsync();

        await AssertSilenceAsync(client);
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task A_first_frame_that_goes_on_and_on_is_closed_in_time()
    {
        await using var client = await world.KnockAsync();

        for (var part = 0; part < 3; part++)
            await client.Socket.SendAsync("{\"type\":"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);

        await AssertSilenceAsync(client);
    }

    [Fact]
    public async Task A_first_frame_that_is_too_long_is_closed_as_such()
    {
        await using var whole = await world.KnockAsync();
        await using var parts = await world.KnockAsync();

        await whole.SendAsync(LiveStylerClient.Credential(world.Someone.Key + new string('x', 4_096)));
        for (var part = 0; part < 5; part++)
            await parts.Socket.SendAsync(new byte[1_000], WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);

        foreach (var client in new[] { whole, parts })
        {
            Assert.Equal(new Support.Farewell(1009, ""), await client.FarewellAsync() is var farewell ? farewell with { Reason = farewell.Reason ?? "" } : null);
            Assert.Empty(client.All);
        }
    }

    [Fact]
    public async Task So_many_of_one_address_may_wait_and_not_one_more()
    {
        var address = world.NewAddress();
        var waiting = new List<StreamClient>();
        for (var i = 0; i < LiveStylerWorld.SocketsPerAddress; i++)
            waiting.Add(await StreamClient.ConnectAsync(world.ClientLeg(), reads: true, address));

        var refused = await Assert.ThrowsAsync<WebSocketException>(() => StreamClient.ConnectAsync(world.ClientLeg(), reads: true, address));
        await using var elsewhere = await world.EnterAsync(world.Someone.Key);

        Assert.Contains("'429'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(LiveStylerWire.AuthSuccess, (await elsewhere.NextAsync()).Text);
        // Who has named a credential waits no more, however long the session then takes.
        await waiting[0].SendAsync(LiveStylerClient.Credential(world.Someone.Key));
        await waiting[0].ExpectAsync("auth_success");
        await using var next = await StreamClient.ConnectAsync(world.ClientLeg(), reads: true, address);
        await next.SendAsync(LiveStylerClient.Credential(world.Someone.Key));
        await next.ExpectAsync("auth_success");
        foreach (var client in waiting)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_gateway_that_goes_away_leaves_nobody_waiting()
    {
        var gateway = await world.StartGatewayAsync(("FirstFrame:Timeout", "00:01:00"));
        var address = new Uri(new UriBuilder(gateway.Address) { Scheme = "ws" }.Uri, "/client");
        await using var client = await StreamClient.ConnectAsync(address);

        await gateway.TerminateAsync();

        var farewell = await client.FarewellAsync();
        Assert.True(farewell.Code is 4100 or null, $"{farewell}");
        Assert.Equal(0, gateway.ExitCode);
    }

    private static async Task AssertSilenceAsync(StreamClient client)
    {
        var farewell = await client.FarewellAsync();
        Assert.Equal(Silence, farewell with { Reason = farewell.Reason ?? "" });
        Assert.Empty(client.All);
    }

    /// <summary>How many sessions have a row, and how many connections the provider has had.</summary>
    private async Task<(long Rows, int Upstreams)> CountAsync() =>
        (Assert.Single(await world.Database.ListAsync<long>("SELECT count(*) FROM session")), world.Provider.Truth.Sessions.Count);
}
