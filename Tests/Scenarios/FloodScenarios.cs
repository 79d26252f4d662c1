using System.Net;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Who is refused again and again costs little, and nobody else pays for it.</summary>
public class FloodScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    private const string Model = "sim-idle";
    private const int Attempts = 80;

    [Fact]
    public async Task A_flood_with_one_bad_key_is_refused_before_the_upgrade_and_keeps_nobody_out()
    {
        var (address, neighbour) = (world.NewAddress(), await world.NewTenantAsync());

        var answers = await FloodAsync(address, _ => "ork_nobody", Model);
        await using var good = await world.ConnectAsync(neighbour.Key, Model, address);

        AssertMostly429(answers, atMostPolite: 40);
        await good.ExpectAsync("session_id");
    }

    [Fact]
    public async Task A_flood_with_a_new_key_each_time_is_no_better()
    {
        var (address, neighbour) = (world.NewAddress(), await world.NewTenantAsync());

        var answers = await FloodAsync(address, i => $"ork_nobody{i}", Model);
        await using var good = await world.ConnectAsync(neighbour.Key, Model, address);

        AssertMostly429(answers, atMostPolite: Attempts - 1);
        await good.ExpectAsync("session_id");
    }

    [Fact]
    public async Task A_good_key_that_floods_with_a_bad_model_still_opens_a_good_one()
    {
        var (address, reseller) = (world.NewAddress(), await world.NewTenantAsync());

        var answers = await FloodAsync(address, _ => reseller.Key, "unknown");
        await using var good = await world.ConnectAsync(reseller.Key, Model, address);

        AssertMostly429(answers, atMostPolite: 40);
        await good.ExpectAsync("session_id");
    }

    [Fact]
    public async Task Beyond_the_limit_a_flood_is_answered_from_memory_and_claims_nothing()
    {
        var (address, reseller) = (world.NewAddress(), await world.NewTenantAsync(maxSessions: 1));
        await using var only = await world.ConnectAsync(reseller.Key, Model, address);
        await only.ExpectAsync("session_id");
        var before = Claims();

        // One after the other: the first claims and is refused, and most of the others are told so from memory, at last before the upgrade.
        using var http = world.Http("");
        var upgraded = 0;
        TimeSpan? retryAfter = null;
        while (retryAfter is null && upgraded < Attempts)
        {
            using var answer = await RawHttp.UpgradeAsync(http, $"/v1/stream?api_key={reseller.Key}&model={Model}", address);
            retryAfter = answer.Headers.RetryAfter?.Delta;
            if (answer.StatusCode is HttpStatusCode.SwitchingProtocols && ++upgraded == 1)
                await Eventually.IsAsync("the first claim was refused", () => Task.FromResult(Claims() > before));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), retryAfter);
        Assert.True(Claims() - before < upgraded / 2, $"{Claims() - before} of {upgraded} attempts were claims.");
    }

    [Fact]
    public async Task The_api_refuses_a_flood_with_429_too()
    {
        using var http = world.Http("ork_nobody");
        var (name, value) = world.NewAddress();
        http.DefaultRequestHeaders.Add(name, value);

        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < Attempts; i++)
            answers.Add(await http.GetAsync("/v1/sessions"));

        await RawHttp.AssertProblemAsync(HttpStatusCode.Unauthorized, "invalid_credential", answers[0]);
        var last = answers.Last(answer => answer.StatusCode is HttpStatusCode.TooManyRequests);
        await RawHttp.AssertProblemAsync(HttpStatusCode.TooManyRequests, "too_many_refusals", last);
        Assert.Equal(TimeSpan.FromSeconds(1), last.Headers.RetryAfter?.Delta);
    }

    private static void AssertMostly429(IReadOnlyList<Answer> answers, int atMostPolite)
    {
        Assert.InRange(answers.Count(answer => answer.Status is HttpStatusCode.SwitchingProtocols), 1, atMostPolite);
        Assert.All(answers.Where(answer => answer.Status is not HttpStatusCode.SwitchingProtocols), answer =>
            Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (answer.Status, answer.RetryAfter)));
    }

    private int Claims() => world.Gateway.Output.Split("refused: ConcurrencyExceeded").Length - 1;

    private async Task<IReadOnlyList<Answer>> FloodAsync((string, string) address, Func<int, string> credential, string model)
    {
        using var http = world.Http("");
        var answers = new List<Answer>();
        foreach (var chunk in Enumerable.Range(0, Attempts).Chunk(16))
        {
            answers.AddRange(await Task.WhenAll(chunk.Select(async i =>
            {
                using var answer = await RawHttp.UpgradeAsync(http, $"/v1/stream?api_key={credential(i)}&model={model}", address);
                return new Answer(answer.StatusCode, answer.Headers.RetryAfter?.Delta);
            })));
        }

        return answers;
    }

    private sealed record Answer(HttpStatusCode Status, TimeSpan? RetryAfter);
}
