using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A suspension or a revocation ends what runs already, the provider's session too.</summary>
public class RevocationScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    /// <summary>The promise is a second; what is more is for a machine that does other things beside.</summary>
    private static readonly TimeSpan About = TimeSpan.FromSeconds(3);

    public static TheoryData<string, int> Ways => new()
    {
        { "the tenant is suspended",    4405 },
        { "its parent is suspended",    4405 },
        { "the key is revoked",         4407 },
        { "the token's key is revoked", 4407 },
    };

    [Theory, MemberData(nameof(Ways))]
    public async Task Running_sessions_end_within_about_a_second(string way, int code)
    {
        var parent = await world.NewTenantAsync();
        var (child, bystander) = (await world.NewTenantAsync(parent.Id), await world.NewTenantAsync());
        var credential = way.StartsWith("the token", StringComparison.Ordinal) ? await world.MintAsync(child.Key) : child.Key;
        await using var client = await world.ConnectAsync(credential, "sim-idle", world.NewAddress());
        var upstream = JsonElement.Parse((await client.ExpectAsync("session_id")).Bytes).GetProperty("session_id").GetString();
        await client.ExpectAsync("generation_started");
        await using var other = await world.ConnectAsync(bystander.Key, "sim-idle", world.NewAddress());
        await other.ExpectAsync("generation_started");

        var since = TimeProvider.System.GetTimestamp();
        await (way switch
        {
            "the tenant is suspended" => world.Admin.SuspendAsync(child.Id, suspended: true),
            "its parent is suspended" => world.Admin.SuspendAsync(parent.Id, suspended: true),
            _                         => world.Admin.RevokeKeyAsync(child.KeyId),
        });
        var farewell = await client.FarewellAsync();
        var took = TimeProvider.System.GetElapsedTime(since);

        Assert.Equal(code, farewell.Code);
        Assert.InRange(took, TimeSpan.Zero, About);
        await world.Provider.Connections.Single(connection => connection.Id == upstream).Completion.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(other.Over.IsCompleted);
        Books.AssertClosed(await Eventually.SeesAsync(
            "the books are closed", () => Books.OfAsync(world.Database, client.Session!), book => book.CloseCode == code));
    }

    [Fact]
    public async Task No_session_slips_through_that_opens_while_its_key_is_revoked()
    {
        var reseller = await world.NewTenantAsync();

        var connecting = Enumerable.Range(0, 30).Select(_ => world.ConnectAsync(reseller.Key, "sim-idle", world.NewAddress())).ToList();
        await world.Admin.RevokeKeyAsync(reseller.KeyId);
        var clients = await Task.WhenAll(connecting);

        foreach (var client in clients)
        {
            Assert.Equal(4407, (await client.FarewellAsync()).Code);
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_tenant_that_is_let_go_on_opens_sessions_again()
    {
        var reseller = await world.NewTenantAsync();
        await world.Admin.SuspendAsync(reseller.Id, suspended: true);
        await world.UntilRefusedAsync(reseller.Key);

        await world.Admin.SuspendAsync(reseller.Id, suspended: false);
        using var http = world.Http(reseller.Key);
        await Eventually.IsAsync("the API lets it in", async () => (await http.GetAsync("/v1/sessions")).IsSuccessStatusCode);

        await using var client = await world.ConnectAsync(reseller.Key, "sim-idle", world.NewAddress());
        await client.ExpectAsync("generation_started");
    }
}
