using Npgsql;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Storage.Documents;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class DocumentStoreTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DocumentChange Change = new(About: null, "a test", "document_set", new { why = "to see" });

    private static int _keys;

    private readonly DocumentStore _store = new(database.Database);
    private readonly DocumentKey _key = new("test_note", $"note {Interlocked.Increment(ref _keys)}");

    [Fact]
    public async Task What_was_written_is_read_with_its_version()
    {
        Assert.Null(await ReadAsync());

        var first = await WriteAsync(null, """{"text":"one"}""");
        Assert.Equal(new StoredDocument(first!, """{"text": "one"}"""), await ReadAsync());

        var second = await WriteAsync(first, """{"text":"two"}""");
        Assert.Equal(new StoredDocument(second!, """{"text": "two"}"""), await ReadAsync());
    }

    [Fact]
    public async Task A_write_on_any_other_version_changes_nothing()
    {
        var first = await WriteAsync(null, "{}");
        var second = await WriteAsync(first, """{"n":2}""");

        foreach (var other in new[] { null, first, "3", "0", "-1", "one", "", " 2", "99999999999999999999" })
            Assert.Null(await WriteAsync(other, """{"n":3}"""));
        Assert.Equal(new StoredDocument(second!, """{"n": 2}"""), await ReadAsync());
        Assert.Null(await _store.WriteAsync(_key with { Key = "another" }, second, "{}", Change, default));
        Assert.Null(await _store.WriteAsync(_key with { Kind = "another" }, second, "{}", Change, default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_many_who_write_at_once_on_one_version_one_wins(bool exists)
    {
        var etag = exists ? await WriteAsync(null, "{}") : null;

        var written = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => WriteAsync(etag, $$"""{"n":{{i}}}""")));

        var winner = Assert.Single(written, one => one is not null);
        var n = Array.IndexOf(written, winner);
        Assert.Equal(new StoredDocument(winner!, $$"""{"n": {{n}}}"""), await ReadAsync());
    }

    [Fact]
    public async Task A_version_never_comes_back_not_even_when_the_document_was_emptied()
    {
        var versions = new List<string?> { await WriteAsync(null, "{}") };
        foreach (var body in new[] { null, "{}", null, null, "{}" })
            versions.Add(await WriteAsync(versions[^1], body));

        Assert.DoesNotContain(null, versions);
        Assert.Distinct(versions);
        Assert.Null(await WriteAsync(null, "{}"));
    }

    [Fact]
    public async Task Every_change_and_nothing_else_stands_in_the_audit()
    {
        var tenant = await database.Admin().AddTenantAsync("a tenant", "USD");
        var change = new DocumentChange(tenant, "key:1", "settings_set", new { settings = new TenantSettings(TimeSpan.FromSeconds(5)), replaces = (string?)null });

        var first = await _store.WriteAsync(_key, null, "{}", change, default);
        Assert.Null(await _store.WriteAsync(_key, null, "{}", change, default));
        Assert.NotNull(await _store.WriteAsync(_key, first, null, change with { Action = "settings_cleared" }, default));
        Assert.Null(await _store.WriteAsync(_key, first, null, change, default));

        Assert.Equal(
            ["""key:1 settings_set {"settings": {"defaultExpiresIn": "00:00:05"}}""", """key:1 settings_cleared {"settings": {"defaultExpiresIn": "00:00:05"}}"""],
            await database.ListAsync<string>(
                "SELECT actor || ' ' || action || ' ' || detail FROM audit WHERE tenant_id = $1 AND action <> 'tenant_added' ORDER BY id", tenant.Value));
    }

    [Fact]
    public async Task A_body_beyond_the_bound_is_refused_and_leaves_no_trace()
    {
        var etag = await WriteAsync(null, "{}");

        foreach (var standing in new[] { etag, null })
        {
            var key = standing is null ? _key with { Kind = "too_large" } : _key;
            var refusal = await Assert.ThrowsAsync<PostgresException>(
                () => _store.WriteAsync(key, standing, $$"""{"x":"{{new string('x', 131_072)}}"}""", Change with { Actor = _key.Key }, default));
            Assert.Equal(PostgresErrorCodes.CheckViolation, refusal.SqlState);
            Assert.False(_store.IsAway(refusal));
        }

        Assert.Equal(new StoredDocument(etag!, "{}"), await ReadAsync());
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM audit WHERE actor = $1", _key.Key));
    }

    private Task<StoredDocument?> ReadAsync() => _store.ReadAsync(_key, default);

    private Task<string?> WriteAsync(string? etag, string? body) => _store.WriteAsync(_key, etag, body, Change, default);
}
