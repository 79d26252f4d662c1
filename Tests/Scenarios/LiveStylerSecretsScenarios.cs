using Orchestrator.Simulator.Providers.LiveStyler;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>With every log at its loudest: our credential reaches no provider, theirs no client, and neither is printed or recorded.</summary>
public class LiveStylerSecretsScenarios(LiveStylerSecretsScenarios.Loud world) : IClassFixture<LiveStylerSecretsScenarios.Loud>
{
    [Fact]
    public async Task No_credential_shows_where_it_does_not_belong()
    {
        var reseller = await world.NewTenantAsync();
        var key = world.Provider.ApiKey;
        world.Provider.Play(LiveStylerWorld.ByHand, LiveStylerScripts.Begin.Expect("session_start").Send($$"""{"type":"x","echo":"{{key}}"}""").Close(4321, $"no {key}"));
        var told = new List<string>();

        foreach (var (credential, model) in new[] { (reseller.Key, null), (reseller.Key, LiveStylerWorld.BadKey), (reseller.Key, LiveStylerWorld.ByHand), (reseller.Key + "x",
            null), (reseller.Key, reseller.Key) })
        {
            await using var client = await world.EnterAsync(credential, model);
            if (model is null && credential == reseller.Key)
            {
                await client.UntilAnsweredAsync();
                await client.SendAsync(LiveStylerClient.Credential(reseller.Key));
                await client.ExpectAsync("error");
                await client.CloseAsync(4000, $"bye from {reseller.Key}");
            }
            else if (model is LiveStylerWorld.ByHand)
            {
                await client.SendAsync(LiveStylerClient.Start);
            }

            told.Add($"{await client.FarewellAsync()}");
            told.AddRange(client.All.Select(heard => heard.Text));
        }

        using var http = world.Http(reseller.Key);
        told.Add(await http.GetStringAsync("/filter-category/active"));
        told.Add(await http.GetStringAsync("/v1/sessions"));
        await Eventually.IsAsync("all sessions are over", async () =>
            Assert.Single(await world.Database.ListAsync<long>("SELECT count(*) FROM session WHERE ended_at IS NULL")) == 0);
        told.AddRange(await RowsAsync());
        told.Add(world.Gateway.Output);
        var heardByProvider = world.Provider.Connections.SelectMany(connection => connection.Received.Select(frame => frame.Text).Append(connection.QueryString)
            .Concat(connection.Headers.Select(header => header.Value))).Concat(world.Provider.Filters.Asked).ToList();

        Assert.All(told, text => AssertFree(text, key));
        Assert.All(told.Concat(heardByProvider), text => AssertFree(text, reseller.Key));
        Assert.Contains("""{"type":"x","echo":"***"}""", told);
        Assert.Contains("dbug: Microsoft.", world.Gateway.Output, StringComparison.Ordinal);
    }

    private static void AssertFree(string text, string secret)
    {
        if (text.IndexOf(secret, StringComparison.OrdinalIgnoreCase) is var at and >= 0)
            Assert.Fail($"A credential shows: ...{text[Math.Max(0, at - 300)..Math.Min(text.Length, at + 100)]}...");
    }

    private async Task<IReadOnlyList<string>> RowsAsync()
    {
        var rows = new List<string>();
        foreach (var table in await world.Database.ListAsync<string>("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1", world.Database.Schema))
            rows.AddRange(await world.Database.ListAsync<string>($"SELECT t::text FROM {table} t"));
        return rows;
    }

    /// <summary>Gateways that print all they can.</summary>
    public sealed class Loud : LiveStylerWorld
    {
        protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["Logging:LogLevel:Default"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Trace",
            ["Logging:Console:LogLevel:Default"] = "Trace",
            ["Logging:Console:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
            ["Logging:Console:FormatterOptions:IncludeScopes"] = "true",
        };
    }
}
