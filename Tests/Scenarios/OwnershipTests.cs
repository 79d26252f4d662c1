namespace Orchestrator.Tests.Scenarios;

/// <summary>The watch over owners and upstreams sees what it is there for.</summary>
public class OwnershipTests(World world) : IClassFixture<World>
{
    [Theory]
    [InlineData("UPDATE session SET owner = (SELECT max(id) FROM process) WHERE id = $1", "had the owners")]
    [InlineData("UPDATE session SET epoch = epoch - 1 WHERE id = $1", "back to")]
    [InlineData("UPDATE session SET upstream_session_id = 'sim-another' WHERE id = $1", "had the upstreams")]
    [InlineData("UPDATE watched SET model = 'test-other' WHERE session_id = $1", "the provider accepted")]
    public async Task A_second_owner_or_upstream_is_seen(string wrong, string said)
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectAsync(reseller.Key, "sim-idle");
        await client.ExpectAsync("generation_started");
        await client.CloseAsync();
        await world.EndOfAsync(reseller, client.Session!);
        var session = Guid.Parse(client.Session!);
        await world.Database.ExecuteAsync("INSERT INTO process (name, lease_until) VALUES ('another', clock_timestamp() + interval '1 hour')");
        await Ownership.AssertAsync(world.Database, world.Provider.Truth);

        await world.Database.ExecuteAsync("CREATE TABLE kept AS SELECT * FROM watched");
        await world.Database.ExecuteAsync(wrong, session);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Ownership.AssertAsync(world.Database, world.Provider.Truth));

        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        // As if it had never been.
        await world.Database.ExecuteAsync("DELETE FROM watched; INSERT INTO watched OVERRIDING SYSTEM VALUE SELECT * FROM kept; DROP TABLE kept");
    }
}
