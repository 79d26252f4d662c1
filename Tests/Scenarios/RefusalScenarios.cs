using System.Text;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>
/// Who is not let in is told in words on which published clients stop trying, byte for byte, and with the catalogue's code.
/// The texts stand here once more on purpose: they are a contract.
/// </summary>
public class RefusalScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    private const string Model = "sim-idle";
    private const string Shop = "https://shop.example";

    /// <summary>What the JavaScript and Python clients look for in an error, without regard to case.</summary>
    private static readonly string[] StopPhrases = ["permission denied", "not allowed", "invalid session", "401", "invalid api key", "unauthorized"];

    private static readonly Dictionary<string, Func<AccessWorld, Task<Attempt>>> Attempts = new()
    {
        ["no key"]                      = _ => Made(new Attempt(null)),
        ["a bad key"]                   = _ => Made(new Attempt("ork_nobody")),
        ["a key with a space"]          = async world => new Attempt((await world.NewTenantAsync()).Key + " "),
        ["a token that was changed"]    = async world => new Attempt(Changed(await world.MintAsync((await world.NewTenantAsync()).Key))),
        ["a token of nobody"]           = _ => Made(new Attempt("ek_" + new string('A', 200))),
        ["7,000 characters"]            = _ => Made(new Attempt(new string('k', 7_000))),
        ["a revoked key"]               = RevokedKeyAsync,
        ["a token of a revoked key"]    = RevokedTokenAsync,
        ["an expired token"]            = async world => new Attempt(Expired(world, await world.NewTenantAsync())),
        ["another origin"]              = async world => new Attempt(await ForShopAsync(world)) { Origin = Shop + ":81" },
        ["no origin"]                   = async world => new Attempt(await ForShopAsync(world)),
        ["an unknown model"]            = async world => new Attempt((await world.NewTenantAsync()).Key, "unknown"),
        ["a model in capitals"]         = async world => new Attempt((await world.NewTenantAsync()).Key, "SIM-IDLE"),
        ["a model beyond the token"]    = async world => new Attempt(await world.MintAsync((await world.NewTenantAsync()).Key, new { allowedModels = new[] { "sim-demo" } })),
        ["an unpriced model"]           = UnpricedAsync,
        ["no model"]                    = async world => new Attempt((await world.NewTenantAsync()).Key, ""),
        ["a model with a NUL"]          = async world => new Attempt((await world.NewTenantAsync()).Key, "sim-\0"),
        ["33 parameters"]               = async world => new Attempt((await world.NewTenantAsync()).Key) { More = string.Concat(Enumerable.Range(0, 31).Select(i => $"&p{i}=1")) },
        ["a suspended tenant"]          = world => SuspendedAsync(world, above: false),
        ["a suspended parent"]          = world => SuspendedAsync(world, above: true),
        ["one session too many"]        = world => CrowdedAsync(world, above: false),
        ["one too many for the parent"] = world => CrowdedAsync(world, above: true),
    };

    public static TheoryData<string, int, string> Words => new()
    {
        { "no key",                      4400, "Unauthorized: invalid API key" },
        { "a bad key",                   4400, "Unauthorized: invalid API key" },
        { "a key with a space",          4400, "Unauthorized: invalid API key" },
        { "a token that was changed",    4400, "Unauthorized: invalid API key" },
        { "a token of nobody",           4400, "Unauthorized: invalid API key" },
        { "7,000 characters",            4400, "Unauthorized: invalid API key" },
        { "a revoked key",               4407, "Unauthorized: API key revoked" },
        { "a token of a revoked key",    4407, "Unauthorized: API key revoked" },
        { "an expired token",            4401, "Unauthorized: token expired" },
        { "another origin",              4403, "Origin not allowed" },
        { "no origin",                   4403, "Origin not allowed" },
        { "an unknown model",            4404, "Model not allowed" },
        { "a model in capitals",         4404, "Model not allowed" },
        { "a model beyond the token",    4404, "Model not allowed" },
        { "an unpriced model",           4411, "Model not allowed: it has no price for this account" },
        { "no model",                    4412, "Request not allowed: model is missing or malformed" },
        { "a model with a NUL",          4412, "Request not allowed: model is missing or malformed" },
        { "33 parameters",               4412, "Request not allowed: model is missing or malformed" },
        { "a suspended tenant",          4405, "Permission denied: account suspended" },
        { "a suspended parent",          4405, "Permission denied: account suspended" },
        { "one session too many",        4406, "Concurrent session limit reached: another session is not allowed" },
        { "one too many for the parent", 4406, "Concurrent session limit reached: another session is not allowed" },
    };

    [Theory, MemberData(nameof(Words))]
    public async Task A_refusal_is_told_in_the_dialects_own_words(string who, int code, string words)
    {
        var attempt = await Attempts[who](world);
        await using var _ = attempt.Before;

        await using var client = await attempt.ConnectAsync(world);
        var farewell = await client.FarewellAsync();

        Assert.Equal(Encoding.UTF8.GetBytes($$"""{"type":"error","error":"{{words}}"}"""), client.All.Single().Bytes);
        Assert.Equal((code, words), (farewell.Code, farewell.Reason));
        Assert.True(StopPhrases.Any(phrase => words.Contains(phrase, StringComparison.OrdinalIgnoreCase)), "Published clients would try again.");
    }

    [Fact]
    public void Every_attempt_has_its_words() => Assert.Equal(Attempts.Keys.Order(), Words.Select(row => (string)row[0]).Order());

    private static Task<Attempt> Made(Attempt attempt) => Task.FromResult(attempt);

    private static string Changed(string token) => token[..^8] + (token[^8] == 'A' ? 'B' : 'A') + token[^7..];

    private static string Expired(AccessWorld world, Reseller reseller) =>
        world.Forge(new Credential.ClientToken(reseller.KeyId, TimeProvider.System.GetUtcNow().AddSeconds(-1), null, null, null, null));

    private static async Task<string> ForShopAsync(AccessWorld world) =>
        await world.MintAsync((await world.NewTenantAsync()).Key, new { allowedOrigins = new[] { Shop } });

    private static async Task<Attempt> RevokedKeyAsync(AccessWorld world)
    {
        var reseller = await world.NewTenantAsync();
        await world.Admin.RevokeKeyAsync(reseller.KeyId);
        await world.UntilRefusedAsync(reseller.Key);
        return new Attempt(reseller.Key);
    }

    private static async Task<Attempt> RevokedTokenAsync(AccessWorld world)
    {
        var reseller = await world.NewTenantAsync();
        var token = await world.MintAsync(reseller.Key);
        await world.Admin.RevokeKeyAsync(reseller.KeyId);
        await world.UntilRefusedAsync(reseller.Key);
        return new Attempt(token);
    }

    private static async Task<Attempt> UnpricedAsync(AccessWorld world)
    {
        var tenant = await world.Admin.AddTenantAsync("without a price for all", "USD");
        await world.Admin.SetPriceAsync(tenant, "sim-demo", new Price(1m, Rounding.Default));
        return new Attempt((await world.Admin.AddKeyAsync(tenant, "key")).Key);
    }

    private static async Task<Attempt> SuspendedAsync(AccessWorld world, bool above)
    {
        var parent = await world.NewTenantAsync();
        var child = await world.NewTenantAsync(parent.Id);
        await world.Admin.SuspendAsync(above ? parent.Id : child.Id, suspended: true);
        await world.UntilRefusedAsync(child.Key);
        return new Attempt(child.Key);
    }

    private static async Task<Attempt> CrowdedAsync(AccessWorld world, bool above)
    {
        var parent = await world.NewTenantAsync(maxSessions: above ? 1 : null);
        var (first, second) = (await world.NewTenantAsync(parent.Id, maxSessions: above ? null : 1), await world.NewTenantAsync(parent.Id));
        var (client, _) = await world.OpenAsync(first, Model);
        return new Attempt(above ? second.Key : first.Key) { Before = client };
    }

    private sealed record Attempt(string? Credential, string Model = RefusalScenarios.Model)
    {
        public string? Origin { get; init; }

        public string More { get; init; } = "";

        /// <summary>Who was let in before.</summary>
        public StreamClient? Before { get; init; }

        public Task<StreamClient> ConnectAsync(AccessWorld world)
        {
            var address = world.StreamFor(Credential ?? "", Model);
            return StreamClient.ConnectAsync(
                new Uri(address.AbsoluteUri + More), reads: true, Origin is null ? [world.NewAddress()] : [world.NewAddress(), ("Origin", Origin)]);
        }
    }
}
