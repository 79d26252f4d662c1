using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting.Documents;

/// <summary>Grains that keep documents, over a store that goes wrong on request.</summary>
public sealed class GrainDocumentTests : IAsyncLifetime
{
    private const string Key = "shopping";
    private static readonly DocumentKey Place = new("test_note", Key);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly List<GrainHost> _hosts = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
    }

    [Fact]
    public async Task Grains_that_end_at_random_between_calls_lose_nothing()
    {
        var shelf = new ShelfStore();
        var host = Start(shelf, endProbability: 0.5);
        var note = host.Grains.Get<INoteGrain>(Key);
        var lines = Enumerable.Range(0, 200).Select(i => $"line {i}").ToList();

        foreach (var line in lines)
            Assert.Equal(DocumentOutcome.Written, await note.AddAsync(line));

        Assert.Equal(lines, (await note.ReadAsync()).Lines);
        // Every life read once, and there were many.
        Assert.InRange(shelf.Reads, 60, 140);
    }

    [Fact]
    public async Task A_grain_reads_once_in_its_life_where_it_is_the_only_one()
    {
        var shelf = new ShelfStore();
        var note = Start(shelf).Grains.Get<INoteGrain>(Key);

        await note.AddAsync("milk");
        await note.ReadAsync();
        await note.AddAsync("bread");

        Assert.Equal(["milk", "bread"], (await note.ReadAsync()).Lines);
        Assert.Equal(1, shelf.Reads);
    }

    [Fact]
    public async Task Of_two_who_write_on_one_version_one_wins_and_the_other_hears_of_it()
    {
        var shelf = new ShelfStore();
        var (here, there) = (Start(shelf).Grains.Get<INoteGrain>(Key), Start(shelf).Grains.Get<INoteGrain>(Key));
        await here.AddAsync("milk");
        var (mine, theirs) = (await here.ReadAsync(), await there.ReadAsync());
        Assert.Equal(mine.ETag, theirs.ETag);

        var outcomes = await Task.WhenAll(here.AddAsync("bread"), there.AddAsync("wine"));

        Assert.Equal([DocumentOutcome.Written, DocumentOutcome.Stale], outcomes.Order());
        var (first, second) = (await here.ReadAsync(), await there.ReadAsync());
        Assert.Equal(["milk", outcomes[0] is DocumentOutcome.Written ? "bread" : "wine"], first.Lines);
        Assert.Equivalent(first, second, strict: true);
    }

    [Fact]
    public async Task After_a_write_of_unknown_outcome_the_grain_reads_what_came_of_it_and_its_life_ends()
    {
        var shelf = new ShelfStore();
        var host = Start(shelf);
        var note = host.Grains.Get<INoteGrain>(Key);
        await note.AddAsync("milk");

        shelf.LosesNextAnswer = true;
        await Assert.ThrowsAsync<DocumentUnavailableException>(() => note.AddAsync("bread"));
        await Eventually.IsAsync("the grain has ended", () => Task.FromResult(host.Grains.Count<INoteGrain>() == 0));

        Assert.Equal(["milk", "bread"], (await note.ReadAsync()).Lines);
        Assert.Equal(DocumentOutcome.Written, await note.AddAsync("wine"));
    }

    [Fact]
    public async Task Calls_that_wait_behind_such_a_write_see_what_is_kept_and_not_what_was_known()
    {
        var shelf = new ShelfStore();
        var note = Start(shelf).Grains.Get<INoteGrain>(Key);
        await note.AddAsync("milk");
        shelf.LosesNextAnswer = true;

        var lost = note.AddAsync("bread");
        var behind = Enumerable.Range(0, 20).Select(_ => note.ReadAsync()).ToList();

        await Assert.ThrowsAsync<DocumentUnavailableException>(() => lost);
        Assert.All(await Task.WhenAll(behind), seen => Assert.Equal(["milk", "bread"], seen.Lines));
    }

    [Fact]
    public async Task While_the_store_is_away_calls_say_so_and_afterwards_all_is_as_before()
    {
        var shelf = new ShelfStore { FreshFor = TimeSpan.FromSeconds(1) };
        var host = Start(shelf);
        var note = host.Grains.Get<INoteGrain>(Key);
        await note.AddAsync("milk");

        shelf.IsAway = true;
        host.Time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<DocumentUnavailableException>(note.ReadAsync);
        await Assert.ThrowsAsync<DocumentUnavailableException>(() => note.AddAsync("bread"));
        shelf.IsAway = false;

        Assert.Equal(["milk"], (await note.ReadAsync()).Lines);
    }

    [Fact]
    public async Task A_store_that_is_silent_counts_as_away_before_the_call_times_out()
    {
        var shelf = new ShelfStore { IsSilent = true };
        var host = Start(shelf);

        var asked = host.Grains.Get<INoteGrain>(Key).ReadAsync();
        await shelf.Silenced.Task.WaitAsync(Patience);
        // Past the store's time and far from the call's.
        host.Time.Advance(TimeSpan.FromSeconds(3));

        await Assert.ThrowsAsync<DocumentUnavailableException>(() => asked.WaitAsync(Patience));
    }

    [Fact]
    public async Task Where_each_process_has_its_own_a_grain_sees_what_another_wrote_as_soon_as_its_copy_is_old()
    {
        var shelf = new ShelfStore { FreshFor = TimeSpan.FromSeconds(1) };
        var (one, other) = (Start(shelf), Start(shelf));
        Assert.Null((await other.Grains.Get<INoteGrain>(Key).ReadAsync()).Lines);

        await one.Grains.Get<INoteGrain>(Key).AddAsync("milk");
        Assert.Null((await other.Grains.Get<INoteGrain>(Key).ReadAsync()).Lines);
        other.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["milk"], (await other.Grains.Get<INoteGrain>(Key).ReadAsync()).Lines);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"lines\":5}")]
    [InlineData("{\"lines\":[")]
    public async Task What_is_no_such_document_is_told_with_its_name_and_version_and_mended_by_whoever_mends_it(string garbage)
    {
        var shelf = new ShelfStore();
        shelf.Put(Place, garbage);
        var note = Start(shelf).Grains.Get<INoteGrain>(Key);

        var refusal = await Assert.ThrowsAsync<InvalidDataException>(note.ReadAsync);
        shelf.Put(Place, """{"lines":["milk"],"ofALaterVersion":1}""");

        Assert.Contains("test_note", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("shopping", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("version 1, is no Note", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["milk"], (await note.ReadAsync()).Lines);
    }

    [Fact]
    public async Task An_emptied_document_is_none_and_its_versions_do_not_come_back()
    {
        var shelf = new ShelfStore();
        var note = Start(shelf).Grains.Get<INoteGrain>(Key);
        Assert.Equal(DocumentOutcome.Written, await note.ReplaceAsync(null, null));
        await note.AddAsync("milk");
        var written = await note.ReadAsync();

        Assert.Equal(DocumentOutcome.Written, await note.ReplaceAsync(null, written.ETag));
        var emptied = await note.ReadAsync();
        Assert.Equal(DocumentOutcome.Stale, await note.ReplaceAsync(["bread"], written.ETag));
        Assert.Equal(DocumentOutcome.Stale, await note.ReplaceAsync(["bread"], null));
        Assert.Equal(DocumentOutcome.Written, await note.ReplaceAsync(["wine"], emptied.ETag));

        Assert.Null(emptied.Lines);
        Assert.Equal(["wine"], (await note.ReadAsync()).Lines);
    }

    [Fact]
    public async Task Nobody_looks_at_what_was_not_read()
    {
        var note = Start(new ShelfStore()).Grains.Get<INoteGrain>(Key);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(note.PeekAsync);

        Assert.Contains("read it first", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_is_too_large_is_not_written_and_what_stood_stands()
    {
        var shelf = new ShelfStore();
        var note = Start(shelf).Grains.Get<INoteGrain>(Key);
        await note.AddAsync("milk");

        await Assert.ThrowsAsync<ArgumentException>(() => note.AddAsync(new string('x', GrainDocument<Note>.MaxBytes)));

        Assert.Equal(["milk"], (await note.ReadAsync()).Lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Tenant")]
    [InlineData("tenant-settings")]
    [InlineData("1st")]
    public void A_kind_that_the_database_should_not_hold_is_refused(string name) => Assert.Throws<ArgumentException>(() => new DocumentKind<Note>(name));

    private GrainHost Start(ShelfStore shelf, double endProbability = 0)
    {
        var host = GrainHost.Start(
            new InProcessGrainsOptions { Strict = true, EndProbability = endProbability },
            services => services.AddSingleton<IDocumentStore>(shelf).AddDocument<Note>(Place.Kind).AddGrain<INoteGrain, NoteGrain>());
        _hosts.Add(host);
        return host;
    }
}
