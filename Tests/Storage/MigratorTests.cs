using Orchestrator.Storage.Migrations;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class MigratorTests : IAsyncLifetime
{
    private TestDatabase _database = null!;

    public async Task InitializeAsync() => _database = await TestDatabase.CreateEmptyAsync();

    public Task DisposeAsync() => _database.DisposeAsync().AsTask();

    [Fact]
    public async Task From_nothing_every_step_is_applied_and_the_schema_fits()
    {
        Assert.Contains("has no schema of ours", await ComplaintAsync());

        var applied = await MigrateAsync();

        Assert.Equal(Migrator.All.Count, applied);
        Assert.Null(await ComplaintAsync());
        Assert.Equal(Migrator.All.Select(step => step.Version), await _database.ListAsync<int>("SELECT version FROM schema_version ORDER BY version"));
    }

    [Fact]
    public async Task A_second_time_changes_nothing()
    {
        await MigrateAsync();

        Assert.Equal(0, await MigrateAsync());
    }

    [Fact]
    public async Task Of_several_at_once_one_applies_each_step()
    {
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => MigrateAsync()));

        Assert.Equal([0, 0, 0, Migrator.All.Count], applied.Order());
        Assert.Null(await ComplaintAsync());
    }

    [Fact]
    public async Task A_step_that_was_changed_after_it_was_applied_is_refused()
    {
        await MigrateAsync();
        await _database.ExecuteAsync("UPDATE schema_version SET checksum = 'another' WHERE version = 1");

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(MigrateAsync);

        Assert.Contains("0001_initial was changed after it was applied", refusal.Message);
    }

    [Fact]
    public async Task A_schema_that_is_newer_than_the_program_fits_it()
    {
        await MigrateAsync();
        await _database.ExecuteAsync("INSERT INTO schema_version (version, name, checksum) VALUES (9999, 'of_a_later_program', 'x')");

        Assert.Equal(0, await MigrateAsync());
        Assert.Null(await ComplaintAsync());
    }

    [Fact]
    public async Task A_schema_that_is_older_than_the_program_is_told_in_one_sentence()
    {
        await MigrateAsync();
        await _database.ExecuteAsync("DELETE FROM schema_version");

        var complaint = await ComplaintAsync();

        Assert.Matches("^[^.]*is at version 0 and this program needs [0-9]+; [^.]*[.]$", complaint);
    }

    private Task<int> MigrateAsync() => Migrator.MigrateAsync(_database.OwnerConnectionString, _database.Database.Role, CancellationToken.None);

    private Task<string?> ComplaintAsync() => Migrator.ComplaintAsync(_database.Database.Source, CancellationToken.None);
}
