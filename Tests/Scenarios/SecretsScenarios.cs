using System.Text;
using Npgsql;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>
/// Everything that can go wrong with a credential at hand, with every log at its loudest; afterwards nothing that was
/// printed, answered or recorded holds one.
/// </summary>
public class SecretsScenarios(SecretsScenarios.Loud world) : IClassFixture<SecretsScenarios.Loud>
{
    private static readonly string[] Shops = ["https://shop.example"];

    private readonly List<string> _told = [];

    [Fact]
    public async Task No_credential_shows_in_any_output_answer_or_row()
    {
        var (reseller, other, gone) = (await world.NewTenantAsync(), await world.NewTenantAsync(), await world.NewTenantAsync());
        var tokens = new[] { await world.MintAsync(reseller.Key), await world.MintAsync(gone.Key, new { allowedOrigins = Shops }) };
        await world.Admin.RevokeKeyAsync(gone.KeyId);
        await world.UntilRefusedAsync(gone.Key);

        await GoodAsync(reseller.Key, tokens[0]);
        await RefusedAsync(["ork_" + new string('n', 43), gone.Key, tokens[1]], reseller.Key);
        await OddPlacesAsync(reseller.Key, other.Key, tokens[0]);
        await BadProvidersAsync(reseller);
        await MalformedAsync([reseller.Key, other.Key, tokens[0]]);
        var badStart = await Assert.ThrowsAsync<InvalidOperationException>(() => world.StartGatewayAsync(("MasterKey", world.MasterKey + "=")));
        _told.Add(badStart.Message);

        var rows = await RowsAsync();
        string[] secrets = [reseller.Key, other.Key, gone.Key, .. tokens, world.Provider.ApiKey, world.MasterKey, .. Passwords()];
        var needles = secrets.SelectMany(Forms).ToList();
        AssertFree("the log", [world.Gateway.Output], needles);
        AssertFree("an answer", _told, needles);
        AssertFree("a row", rows, needles);

        // It was a test: the logs were loud, and what was looked through was much.
        Assert.Contains("dbug: Microsoft.", world.Gateway.Output, StringComparison.Ordinal);
        Assert.True(rows.Count > 100 && _told.Count > 40, $"{rows.Count} rows, {_told.Count} answers");
    }

    [Fact]
    public async Task A_provider_that_repeats_our_key_is_not_heard_repeating_it()
    {
        var reseller = await world.NewTenantAsync();
        var key = world.Provider.ApiKey;
        world.Provider.Play("test-parrot", Script.Begin.Send($$"""{"type":"x","echo":"{{key}}"}""").Error(new string('e', 240) + key).Close(4321, $"no {key}"));

        await using var client = await world.ConnectAsync(reseller.Key, "test-parrot", world.NewAddress());
        var farewell = await client.FarewellAsync();

        Assert.Equal("""{"type":"x","echo":"***"}""", client.All[0].Text);
        Assert.Equal("""{"type":"error","error":"The model reported an error"}""", client.All[1].Text);
        Assert.Equal((4321, "Connection to the model was closed"), (farewell.Code, farewell.Reason));
        await world.EndOfAsync(reseller, client.Session!);
        AssertFree("a row", await RowsAsync(), [.. Forms(key), key[..12]]);
    }

    private async Task GoodAsync(string key, string token)
    {
        foreach (var credential in new[] { key, token })
        {
            await using var client = await world.ConnectAsync(credential, "sim-demo", world.NewAddress());
            await client.OfferAsync();
            await client.ExpectAsync("generation_started");
            await client.CloseAsync(4000, $"bye from {credential[..40]}");
            Hear(client);
        }

        await AskAsync(key, "GET", "/v1/sessions");
        await AskAsync(key, "POST", "/v1/client/tokens");
        _told.RemoveAt(_told.Count - 1); // The one answer that shows a credential, to whom it belongs.
    }

    private async Task RefusedAsync(string[] bad, string good)
    {
        foreach (var credential in bad)
        {
            await using var client = await world.ConnectAsync(credential, "sim-idle", world.NewAddress());
            await client.FarewellAsync();
            Hear(client);
            foreach (var (method, path) in new[] { ("GET", "/v1/sessions"), ("POST", "/v1/client/tokens"), ("DELETE", $"/v1/sessions/{credential}") })
                await AskAsync(credential, method, path);
        }

        foreach (var model in new[] { "unknown", good, "sim-" + good, "" })
        {
            await using var client = await world.ConnectAsync(good, model, world.NewAddress());
            await client.FarewellAsync();
            Hear(client);
        }
    }

    private async Task OddPlacesAsync(string key, string other, string token)
    {
        foreach (var place in new[] { "&token={0}", "&{0}=1", "&{0}", "&url=wss%3A%2F%2Fhost%2F%3Fapi_key%3D{0}", "&user_agent=app/{0}", "&api_key={0}", "&API_KEY={0}" })
        {
            foreach (var secret in new[] { key, other, token })
            {
                var address = new Uri(world.StreamFor(key, "sim-idle").AbsoluteUri + string.Format(null, place, secret));
                await using var client = await StreamClient.ConnectAsync(
                    address, reads: true, world.NewAddress(), ("User-Agent", $"app {secret}"), ("X-Note", secret), ("Cookie", secret));
                await client.ExpectAsync("generation_started");
                Hear(client);
                foreach (var upstream in world.Provider.Connections.Where(connection => connection.Model == "sim-idle"))
                    AssertFree("what the provider heard", [upstream.QueryString, string.Join('\n', upstream.Headers)], [.. Forms(key), .. Forms(other), .. Forms(token)]);
            }
        }

        foreach (var path in new[]
        {
            "/{0}", "/v1/sessions/{0}", "/v1/sessions/{0}/timeline",
            "/v1/sessions?limit={0}", "/v1/sessions?before={0}", "/v1/sessions?live={0}", "/v1/stream?api_key={0}", "/v1/{0}/x",
        })
        {
            await AskAsync(key, "GET", string.Format(null, path, key));
            await AskAsync(key, "PATCH", string.Format(null, path, token));
        }

        await AskAsync(key, "POST", "/v1/client/tokens", $"{{\"expiresIn\":\"{key}\",\"metadata\":\"{key}\"}}");
        await AskAsync(key, "POST", "/v1/client/tokens", $"{key}{{");
    }

    private async Task BadProvidersAsync(Reseller reseller)
    {
        var key = world.Provider.ApiKey;
        world.Provider.Play("test-echo-key", Script.Begin.SendSessionId().Error($"Invalid API key {key}").Close(1008, $"bad key {key}"));
        world.Provider.Play("test-echo-url", Script.Begin.Error($"GET /v1/stream?api_key={Uri.EscapeDataString(key)} failed").Close(1011));
        world.Provider.Play("test-crash", Script.Begin.SendSessionId().Expect("offer").GenerationStarted().Ticks(1, TimeSpan.FromMilliseconds(20)).Drop());
        foreach (var model in new[] { "test-echo-key", "test-echo-url", "test-crash", "sim-full", "sim-refused", "dead-end", "odd-end" })
        {
            await using var client = await world.ConnectAsync(reseller.Key, model, world.NewAddress());
            await client.OfferAsync();
            await client.FarewellAsync();
            Hear(client);
            await world.EndOfAsync(reseller, client.Session!);
            await AskAsync(reseller.Key, "GET", $"/v1/sessions/{client.Session}");
            await AskAsync(reseller.Key, "GET", $"/v1/sessions/{client.Session}/timeline");
        }
    }

    private async Task MalformedAsync(string[] secrets)
    {
        foreach (var secret in secrets)
        {
            foreach (var request in new[]
            {
                $"GET /v1/stream?api_key={secret} HTTP/9.9\r\n\r\n", $"{secret} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", $"GET /{secret}\0 HTTP/1.1\r\nHost: x\r\n\r\n",
                $"GET / HTTP/1.1\r\nHost: x\r\nX-API-KEY {secret}\r\n\r\n", $"GET / HTTP/1.1\r\nHost: {secret}:{secret}\r\nConnection: close\r\n\r\n",
                $"GET /v1/stream?api_key={secret}&{new string('x', 9_000)} HTTP/1.1\r\nHost: x\r\n\r\n",
                $"GET /v1/sessions HTTP/1.1\r\nHost: x\r\nX-API-KEY: {secret}\u00ff\r\n\r\n",
                $"POST /v1/client/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: {secret}\r\n\r\n",
                $"GET /v1/sessions HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {secret}\r\nConnection: close\r\n\r\n",
            })
                _told.Add(await RawHttp.AskAsync(world.Gateway.Address, request));
        }
    }

    private async Task AskAsync(string key, string method, string path, string? body = null)
    {
        using var http = world.Http(key);
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body) };
        var (name, value) = world.NewAddress();
        request.Headers.Add(name, value);
        using var answer = await http.SendAsync(request);
        _told.Add($"{method} {answer.StatusCode}\n{answer.Headers}\n{answer.Content.Headers}\n{await answer.Content.ReadAsStringAsync()}");
    }

    private void Hear(StreamClient client)
    {
        _told.AddRange(client.All.Select(heard => heard.Text));
        _told.Add($"{client.Over}");
        _told.Add(string.Join('\n', client.Socket.HttpResponseHeaders?.SelectMany(header => header.Value) ?? []));
        if (client.Over.IsCompletedSuccessfully)
            _told.Add($"{client.Over.Result}");
    }

    /// <summary>Every row of every table, all of its columns as text.</summary>
    private async Task<IReadOnlyList<string>> RowsAsync()
    {
        var rows = new List<string>();
        foreach (var table in await world.Database.ListAsync<string>("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1", world.Database.Schema))
            rows.AddRange(await world.Database.ListAsync<string>($"SELECT t::text FROM {table} t"));
        return rows;
    }

    private IEnumerable<string> Passwords() => new[] { world.Database.ConnectionString, world.Database.OwnerConnectionString }
        .Select(connection => new NpgsqlConnectionStringBuilder(connection).Password).OfType<string>().Where(password => password.Length > 0);

    /// <summary>A secret as it may be written: as it is, in an address, every byte escaped, in base64, in hex, and its longest part.</summary>
    private static IEnumerable<string> Forms(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        string[] forms =
        [
            secret, Uri.EscapeDataString(secret), string.Concat(bytes.Select(b => $"%{b:x2}")),
            Convert.ToBase64String(bytes).TrimEnd('='), Convert.ToHexString(bytes), secret[4..28],
        ];
        return forms.Distinct(StringComparer.OrdinalIgnoreCase);
    }

    private static void AssertFree(string where, IReadOnlyList<string> texts, IReadOnlyList<string> needles)
    {
        foreach (var needle in needles)
        {
            foreach (var text in texts)
            {
                if (text.IndexOf(needle, StringComparison.OrdinalIgnoreCase) is var at and >= 0)
                    Assert.Fail($"A credential shows in {where}: ...{text[Math.Max(0, at - 300)..Math.Min(text.Length, at + 100)]}...");
            }
        }
    }

    /// <summary>Gateways that print all they can, by every rule of the configuration that could make them.</summary>
    public sealed class Loud : AccessWorld
    {
        protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["Logging:LogLevel:Default"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
            ["Logging:Console:LogLevel:Default"] = "Trace",
            ["Logging:Console:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
            ["Logging:Console:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests"] = "Trace",
            ["Logging:Console:FormatterOptions:IncludeScopes"] = "true",
            ["Providers:dead:Endpoint"] = "ws://127.0.0.1:1/v1/stream",
            ["Providers:dead:ApiKey"] = "dct_dead",
            ["Providers:dead:Models:0"] = "dead-*",
            // An address of our own that speaks no WebSocket: the dial is answered with 404.
            ["Providers:odd:Endpoint"] = new Uri(Provider.WebSocketAddress, "/nothing/here").ToString(),
            ["Providers:odd:ApiKey"] = Provider.ApiKey,
            ["Providers:odd:Models:0"] = "odd-*",
        };
    }
}
