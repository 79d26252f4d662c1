namespace Orchestrator.Tests.Scenarios;

// The scenarios of clients once more, word for word, with a link between each client and its relay: every batch of frames is a
// call that is copied through JSON, to a grain that ends at random.

/// <summary>A world whose gateways serve their clients through links.</summary>
public class LinkedWorld : World
{
    /// <summary>What makes a gateway do so.</summary>
    public static KeyValuePair<string, string> Setting { get; } = KeyValuePair.Create("Relay:Linked", "true");

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, Setting]);
}

/// <inheritdoc cref="LinkedWorld"/>
public class LinkedFaultWorld : FaultWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}

/// <inheritdoc cref="LinkedWorld"/>
public class LinkedRelayWorld : RelayWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}

/// <inheritdoc cref="LinkedWorld"/>
public class LinkedQuietWorld : QuietWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}

/// <inheritdoc cref="LinkedWorld"/>
public class LinkedLimitWorld : LimitWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}

/// <inheritdoc cref="LinkedWorld"/>
public class LinkedAccessWorld : AccessWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}

/// <inheritdoc cref="SessionScenarios"/>
public class LinkedSessionScenarios(LinkedWorld world) : SessionScenarios(world), IClassFixture<LinkedWorld>
{
    private readonly LinkedWorld _world = world;

    [Fact]
    public async Task The_timeline_begins_with_the_process_that_the_client_is_connected_to()
    {
        var reseller = await _world.NewTenantAsync();

        var (client, _) = await _world.OpenAsync(reseller, "test-linked-gateway");

        var claimed = (await _world.TimelineAsync(reseller, client.Session!))[0];
        Assert.True(claimed.GetProperty("detail").GetProperty("gateway").GetInt64() > 0);
        await client.DisposeAsync();
    }
}

/// <inheritdoc cref="RelayScenarios"/>
[Trait("Category", "Slow")]
public class LinkedRelayScenarios(LinkedRelayWorld world) : RelayScenarios(world), IClassFixture<LinkedRelayWorld>;

/// <inheritdoc cref="QuietScenarios"/>
public class LinkedQuietScenarios(LinkedQuietWorld world) : QuietScenarios(world), IClassFixture<LinkedQuietWorld>;

/// <inheritdoc cref="LimitScenarios"/>
[Trait("Category", "Slow")]
public class LinkedLimitScenarios(LinkedLimitWorld world) : LimitScenarios(world), IClassFixture<LinkedLimitWorld>;

/// <inheritdoc cref="RefusalScenarios"/>
public class LinkedRefusalScenarios(LinkedAccessWorld world) : RefusalScenarios(world), IClassFixture<LinkedAccessWorld>;

/// <inheritdoc cref="RevocationScenarios"/>
public class LinkedRevocationScenarios(LinkedAccessWorld world) : RevocationScenarios(world), IClassFixture<LinkedAccessWorld>;

/// <inheritdoc cref="ProviderFaultScenarios"/>
[Trait("Category", "Slow")]
public class LinkedProviderFaultScenarios(LinkedFaultWorld world) : ProviderFaultScenarios(world), IClassFixture<LinkedFaultWorld>;
