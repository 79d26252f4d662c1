using System.Text.Json;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Providers that cannot be reached, or will not have us.</summary>
public partial class ProviderFaultScenarios
{
    public static TheoryData<string, CloseCode> Dials => new()
    {
        // how it answers            why the session ends
        { "odd-nowhere",             CloseCode.UpstreamUnavailable },
        { "odd-reset",               CloseCode.UpstreamUnavailable },
        { "odd-silent",              CloseCode.UpstreamUnavailable },
        { "odd-status-200",          CloseCode.UpstreamUnavailable },
        { "odd-status-302",          CloseCode.UpstreamUnavailable },
        { "odd-status-500",          CloseCode.UpstreamUnavailable },
        { "odd-status-503",          CloseCode.UpstreamFull },
        { "odd-status-429",          CloseCode.UpstreamFull },
        { "odd-status-400",          CloseCode.ProviderRefused },
        { "odd-status-401",          CloseCode.ProviderRefused },
        { "odd-status-404",          CloseCode.ProviderRefused },
    };

    [Theory, MemberData(nameof(Dials))]
    public async Task A_dial_that_fails_ends_the_session_with_words_and_a_code(string model, CloseCode code)
    {
        var reseller = await world.NewTenantAsync();

        await using var client = await world.ConnectAsync(reseller.Key, model);
        // It offers nothing: a dial may have failed before it could say a word.
        var farewell = await client.FarewellAsync();

        var entry = code.Entry();
        Assert.Equal((entry.Wire, entry.Reason), (farewell.Code, farewell.Reason));
        Assert.Equal($$"""{"type":"error","error":"{{entry.Reason}}"}""", Assert.Single(client.All).Text);
        var session = await AssertEndedAsync(reseller, client.Session!, entry.Name, 0m);
        Assert.Equal((JsonValueKind.Null, 0), (session.GetProperty("charge").ValueKind, session.GetProperty("generations").GetArrayLength()));
    }

    [Fact]
    public async Task A_provider_that_does_not_know_our_key_refuses_us_and_not_the_client()
    {
        var reseller = await world.NewTenantAsync();

        await using var client = await world.ConnectAsync(reseller.Key, "odd-key");
        var farewell = await client.FarewellAsync();

        Assert.Equal(1008, farewell.Code);
        Assert.DoesNotContain("dct_wrong", string.Concat(client.All.Select(heard => heard.Text)) + farewell.Reason, StringComparison.Ordinal);
        await AssertEndedAsync(reseller, client.Session!, "provider_refused", 0m);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("at-capacity")]
    public async Task A_provider_without_room_leaves_the_node_on_record_as_full(string name)
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play($"test-node-{name}", Faults[name].Script);

        await using var client = await world.ConnectAsync(reseller.Key, $"test-node-{name}");
        await client.FarewellAsync();

        var session = await AssertEndedAsync(reseller, client.Session!, "upstream_full", 0m);
        Assert.Equal("full", session.GetProperty("nodeStatus").GetString());
    }

    [Fact]
    public async Task A_client_that_leaves_while_the_provider_is_dialled_ends_the_dial()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectAsync(reseller.Key, "odd-silent");
        await world.PhaseAsync(reseller, client.Session!, "connecting");

        var farewell = await client.CloseAsync(1001, "going");

        Assert.Equal(1001, farewell.Code);
        await AssertEndedAsync(reseller, client.Session!, "client_closed", 0m);
    }
}
