using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world whose database may be stopped without harm to other tests.</summary>
public sealed class OwnDatabaseWorld : CreditWorld
{
    /// <summary>Its server.</summary>
    public PrivatePostgres Postgres { get; private set; } = null!;

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        Postgres = await PrivatePostgres.StartAsync("away");
        Database = TestDatabase.On(Postgres.Application, Postgres.Owner);
        await base.InitializeAsync();
    }

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Postgres.DisposeAsync();
    }
}
